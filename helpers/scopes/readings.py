"""What an answer says about the permission behind it.

Decided on `errors[].code`. A missing scope has two documented shapes, 401 `token_unauthorized` and
403 `forbidden`; the second is used for the IP allowlist too, whose message tells it apart. Only a
scope's name in a message hints at which permission guards a route.
"""

from __future__ import annotations

import re
from typing import Final

from helpers.intercom.answers import Answer
from helpers.intercom.records import ProbeAnswer, Reading

__all__ = ["read_answer"]

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
_ABSENT: Final = {
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
_PLAN: Final = 402
_NOT_FOUND: Final = 404
_UNAUTHORIZED: Final = 401


def read_answer(answer: Answer) -> ProbeAnswer:
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


def _absent(answer: Answer) -> bool:
    """Whether there is nothing of that id; of a write probe only with the documented code."""
    code = _ABSENT.get(answer.call, answer.code)
    return answer.status == _NOT_FOUND and answer.code == code and code.endswith("not_found")


def _reading(answer: Answer) -> tuple[Reading, str]:
    if answer.ok:
        return Reading.ADMITTED, "it answered"
    if answer.code in _MISSING:
        if not _NAMED.search(answer.message) and _ADDRESS.search(answer.message):
            return Reading.SILENT, "this address is not on the IP allowlist"
        return Reading.REFUSED, "the scope is missing"
    if answer.code in _SILENT or answer.status == _PLAN:
        return Reading.SILENT, _SILENT.get(answer.code, "the plan does not include it")
    if answer.status == _NOT_FOUND:
        return Reading.SILENT, "there is nothing of that id"
    if answer.status == _UNAUTHORIZED:
        raise answer.error()  # any other 401 is about the token, not about a scope
    return Reading.SILENT, f"status {answer.status} says nothing about a scope"
