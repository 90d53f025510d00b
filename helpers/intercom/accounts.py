"""Service accounts for your own programs: a reader that can't write, a writer that does one thing.

    with reader(settings, audit=recorder_of_misuse(state)) as http:
        contacts = http.get("/contacts", params={"per_page": 50}).json()
        http.delete("/contacts/123")  # ForbiddenCallError; nothing was sent, and it is on record

Both are httpx clients whose transport knows what may be sent. The reader's list is every endpoint
of the scope catalog that reads, by method and route: a search is a POST that reads, and a GET that
records an impression is not on it. Unknown endpoints are refused as well; so are ids
with characters other than letters, digits, `-` and `_`. You give the writer its list. The
audit log receives no token, no id and no query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

import httpx

from helpers.core.errors import ConfigurationError
from helpers.core.model import Record
from helpers.intercom.calls import Call
from helpers.intercom.client import API_VERSION, http_client
from helpers.intercom.regions import base_url
from helpers.intercom.scopes import GuardedRoute, endpoints, guard_of
from helpers.intercom.transport import Transport, live

if TYPE_CHECKING:
    from helpers.core.settings import Settings

__all__ = ["RefusedCall", "reader", "writer"]

_READER: Final = "INTERCOM_READ_TOKEN"
_WRITER: Final = "INTERCOM_WRITE_TOKEN"


class RefusedCall(Record):
    """A call that an account refused: for the audit log. `route` is "" for an unknown one."""

    account: str
    method: str
    route: str


Audit = Callable[[RefusedCall], None]


def reader(
    settings: Settings,
    *,
    audit: Audit | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """A client that only reads, with `INTERCOM_READ_TOKEN`.

    Raises ConfigurationError where the token is not set, or is the writer's as well.
    """
    advice = "The reader only reads: use the writer, and list the call there."
    return _account(settings, _READER, _reads(), advice=advice, audit=audit, transport=transport)


def writer(
    settings: Settings,
    allowed: Iterable[str],
    *,
    audit: Audit | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """A client for these endpoints alone (`POST /events`), with `INTERCOM_WRITE_TOKEN`.

    Raises ConfigurationError where the token is not set, is the reader's as well, or where the
    catalog does not know an endpoint.
    """
    listed = tuple(_listed(name) for name in allowed)
    advice = f"The writer may only call {', '.join(call.name for call in listed) or 'nothing'}."
    return _account(settings, _WRITER, listed, advice=advice, audit=audit, transport=transport)


@cache
def _reads() -> tuple[Call, ...]:
    return tuple(_call(one) for one in endpoints().values() if one.kind == "read")


def _listed(name: str) -> Call:
    if name not in endpoints():
        raise ConfigurationError(
            f"{name!r} is not an endpoint of the catalog.",
            "Write it as METHOD /route with {id} for ids, such as POST /events.",
        )
    return _call(endpoints()[name])


def _call(endpoint: GuardedRoute) -> Call:
    method, _, route = endpoint.name.partition(" ")
    return Call(method, route, endpoint.scope, endpoint.kind, "your program", query=("*",))


def _account(
    settings: Settings,
    variable: str,
    allowed: Iterable[Call],
    *,
    advice: str,
    audit: Audit | None,
    transport: httpx.BaseTransport | None,
) -> httpx.Client:
    credential = settings.credential(variable)
    if credential is None:
        raise ConfigurationError(f"{variable} is not set.", "`runbook init` sets it.")
    _must_differ(settings)
    base = httpx.URL(base_url(settings, variable))
    told = _told(variable, audit) if audit else None
    guarded = Transport(transport or live(base), base, allowed, misuse=told, advice=advice)
    client = http_client(credential.value, guarded, API_VERSION)
    client.base_url = base
    return client


def _must_differ(settings: Settings) -> None:
    found = [settings.credential(name) for name in (_READER, _WRITER)]
    prints = [credential.fingerprint for credential in found if credential]
    if len(prints) > len(set(prints)):
        raise ConfigurationError(
            f"{_READER} and {_WRITER} are the same token.",
            "Create an app for each in the Developer Hub, so that the reader can't write.",
        )


def _told(variable: str, audit: Audit) -> Callable[[str, str], None]:
    """Report the route to the audit log, with its ids removed."""
    account = "reader" if variable == _READER else "writer"

    def tell(method: str, path: str) -> None:
        found = guard_of(method, path)
        route = found.name.partition(" ")[2] if found else ""
        audit(RefusedCall(account=account, method=method[:10], route=route))

    return tell
