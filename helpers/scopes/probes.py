"""Probe what a token may do: concurrent reads, each of one record at most.

Write probes are apart: calls with a documented 404 for an absent id, sent only where the policy's
`acts.write_probes` allows them, and worth something only when some token was refused at the same
call. What they could change does not exist; the transport knows them for that one id alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

from helpers.core.errors import CollectionError, IntercomError
from helpers.core.policy import Limits
from helpers.intercom.calls import AUDIT_CALLS, Call
from helpers.intercom.client import Client
from helpers.intercom.responses import ApiResponse
from helpers.scopes.records import ProbeAnswer, Reading
from helpers.scopes.verdicts import PROBED

__all__ = [
    "READ_PROBES",
    "WRITE_PROBES",
    "probe_limits",
    "probe_reads",
    "probe_writes",
    "read_answer",
]

_MISSING: Final = frozenset({"token_unauthorized", "forbidden"})
_NAMED: Final = re.compile(r"required scope \((\w+)\)")
_ADDRESS: Final = re.compile(r"IP address|allowlist", re.IGNORECASE)
_SILENT: Final = {
    "api_plan_restricted": "the plan does not include it",
    "intercom_version_invalid": "this API version does not know it",
    "rate_limit_exceeded": "the rate limit was used up",
}
# the documented code of each write probe's 404 (API reference); a proxy's or a router's 404 has
# another, and says nothing about a permission
_NOT_FOUND_CODES: Final = {
    "PUT /admins/0/away": "admin_not_found",
    "DELETE /tags/0": "not_found",
    "DELETE /articles/0": "not_found",
    "PUT /articles/0": "not_found",
    "PUT /conversations/0": "not_found",
    "DELETE /news/news_items/0": "not_found",
    "DELETE /audiences/0": "not_found",
    "DELETE /companies/0": "company_not_found",
    "PUT /companies/0": "company_not_found",
    "DELETE /tickets/0": "ticket_not_found",
    "PATCH /data_connectors/0": "data_connector_not_found",
    "DELETE /data_connectors/0": "data_connector_not_found",
    "DELETE /secure_mode_secrets/0": "identity_verification_secret_not_found",
}
_NO_CONTENT: Final = 204
_PLAN: Final = 402
_NOT_FOUND: Final = 404
_UNAUTHORIZED: Final = 401


def probe_limits(limits: Limits) -> Limits:
    """What a probe's answer may hold: one record is asked for, and eight answers are in flight."""
    return limits.model_copy(
        update={"megabytes": min(limits.megabytes, 8), "values": min(limits.values, 400_000)}
    )


def read_answer(answer: ApiResponse) -> ProbeAnswer:
    """Read one answer. Raises IntercomError where the token itself is dead."""
    reading, why = _reading(answer)
    named = _NAMED.search(answer.message) if reading is Reading.REFUSED else None
    return ProbeAnswer(
        call=answer.call,
        status=answer.status,
        code=answer.code,
        reading=reading,
        absent=_absent(answer),
        named=named[1] if named else "",
        why=why,
        request_id=answer.request_id,
    )


def _absent(answer: ApiResponse) -> bool:
    """Whether no record has that id; for a write probe only with the documented code."""
    code = _NOT_FOUND_CODES.get(answer.call, answer.code)
    return answer.status == _NOT_FOUND and answer.code == code and code.endswith("not_found")


def _reading(answer: ApiResponse) -> tuple[Reading, str]:
    if answer.ok:
        understood = answer.is_intercoms or answer.status == _NO_CONTENT
        silent = (Reading.SILENT, "the answer is not one of Intercom's")
        return (Reading.ADMITTED, "it answered") if understood else silent
    if answer.code in _MISSING:
        if not _NAMED.search(answer.message) and _ADDRESS.search(answer.message):
            return Reading.SILENT, "this address is not on the IP allowlist"
        return Reading.REFUSED, "the scope is missing"
    if answer.code in _SILENT or answer.status == _PLAN:
        return Reading.SILENT, _SILENT.get(answer.code, "the plan does not include it")
    if answer.status == _NOT_FOUND:
        return Reading.SILENT, "no record has that id"
    if answer.status == _UNAUTHORIZED:
        raise answer.error()  # any other 401 is about the token, not about a scope
    return Reading.SILENT, f"status {answer.status} says nothing about a scope"


READ_PROBES: Final = tuple(c for c in AUDIT_CALLS if c.name in PROBED and c.reads)
WRITE_PROBES: Final = tuple(c for c in AUDIT_CALLS if c.act == "write_probes")
_AT_ONCE: Final = 8
_ROWS: Final = 20  # of a list that are kept
_ABSENT_ID: Final = "0"
_QUERY: Final[Mapping[str, str | int]] = {"type": "user", "user_id": "runbook-probe", "per_page": 1}
_BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "PUT /admins/0/away": {"away_mode_enabled": False, "away_mode_reassign": False},
    "PUT /articles/0": {},
    "PUT /companies/0": {},
    "PUT /conversations/0": {},
    "PATCH /data_connectors/0": {},
}


def probe_reads(client: Client) -> tuple[ProbeAnswer, ...]:
    """Ask every read probe: lists first, then one record of each list that answered.

    Raises IntercomError for a dead token and UnreachableError where nothing answers.
    """
    lists = [call for call in READ_PROBES if "{" not in call.route]
    records = [call for call in READ_PROBES if "{" in call.route]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        first = dict(zip(lists, pool.map(lambda call: _ask(client, call), lists), strict=True))
        ids = [_first_id(first, call) for call in records]
        second = pool.map(lambda call, one: _ask(client, call, one), records, ids)
        answers = [*first.values(), *second]
    return _read(answers)


def probe_writes(client: Client) -> tuple[ProbeAnswer, ...]:
    """Ask every write probe, one after the other. The client has to have the act `write_probes`.

    Raises IntercomError for a dead token and UnreachableError where nothing answers.
    """
    return _read([client.call(call, json=_BODIES.get(call.name)) for call in WRITE_PROBES])


def _ask(client: Client, call: Call, *ids: str) -> ApiResponse:
    query = {name: _QUERY[name] for name in call.query if name in _QUERY}
    try:
        return _slim(client.call(call, *ids, params=query))
    except CollectionError as error:
        if call.route == "/me":
            raise
        return ApiResponse(call.name, 0, "unreachable", error.message)


def _slim(answer: ApiResponse) -> ApiResponse:
    """The answer with a few rows of each list: enough to find an id in."""
    if not isinstance(answer.body, dict):
        return answer
    body = {k: v[:_ROWS] if isinstance(v, list) else v for k, v in answer.body.items()}
    return replace(answer, body=body)


def _read(answers: Iterable[ApiResponse]) -> tuple[ProbeAnswer, ...]:
    """Read all. A token is dead where every call refuses it; one 401 alone is inconclusive."""
    dead: list[IntercomError] = []
    read: list[ProbeAnswer] = []
    for answer in answers:
        try:
            read.append(read_answer(answer))
        except IntercomError as error:
            dead.append(error)
    if dead and all(answer.reading is not Reading.ADMITTED for answer in read):
        raise dead[0]
    return tuple(read)


def _first_id(answers: Mapping[Call, ApiResponse], call: Call) -> str:
    """The id of some record that the call can be made for; an absent one where none is known."""
    listing = "/me" if call.route == "/admins/{id}" else call.route.removesuffix("/{id}")
    body = next((a.body for c, a in answers.items() if c.route == listing and a.ok), None)
    return next(_ids(body), _ABSENT_ID)


def _ids(body: Any) -> Iterator[str]:
    """The ids of the first list in a body, or the body's own."""
    rows = [body] if isinstance(body, dict) and "id" in body else []
    for value in body.values() if isinstance(body, dict) else ():
        rows.extend(value if isinstance(value, list) else ())
    for row in rows:
        found = str(row.get("id", "")) if isinstance(row, dict) else ""
        if re.fullmatch(r"[A-Za-z0-9_-]+", found):
            yield found
