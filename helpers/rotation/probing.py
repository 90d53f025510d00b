"""How far a token reaches, as far as asking without harm shows it: reads only, one record each.

`GET /me` tells no scopes. Each scope that guards a listed read is tried; what only guards writes
can't be seen this way and stays for a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from helpers.intercom.answers import Answer
from helpers.intercom.calls import AUDIT_CALLS, Call
from helpers.intercom.client import Client

__all__ = ["reach"]

_QUERY: Final[Mapping[str, Mapping[str, str | int]]] = {
    "/contacts": {"per_page": 1},
    "/companies": {"per_page": 1},
    "/conversations": {"per_page": 1},
    "/macros": {"per_page": 1},
    "/content_snippets": {"per_page": 1},
    "/audiences": {"per_page": 1},
    "/data_connectors": {"per_page": 1},
    "/events": {"type": "user", "user_id": "runbook-probe", "per_page": 1},
}
_LIMITED: Final = 429
_SERVER: Final = 500


def reach(client: Client) -> frozenset[str]:
    """The scopes that at least one read shows to be there.

    Raises IntercomError where Intercom is in trouble, and UnreachableError.
    """
    return frozenset(call.scope for call in _probes() if _admits(client, call))


def _probes() -> Iterator[Call]:
    """One probing read a route, without those that need an id or a time."""
    skipped = ("/admins/activity_logs",)
    for call in AUDIT_CALLS:
        plain = "{" not in call.route and call.route not in skipped
        if call.reads and call.method == "GET" and "scopes" in call.steps and plain:
            yield call


def _admits(client: Client, call: Call) -> bool:
    answer = client.call(call, params=_QUERY.get(call.route))
    if answer.status == _LIMITED or answer.status >= _SERVER:
        raise answer.error()
    return not _lacks_scope(answer)


def _lacks_scope(answer: Answer) -> bool:
    """Both documented shapes of a missing scope, and whatever else keeps the caller out."""
    return answer.status in (401, 402, 403)
