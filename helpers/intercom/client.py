"""The client: a token, a host, and the calls of the list as methods.

    with Client.from_settings(settings) as client:
        me = client.me()

A method returns Intercom's JSON and raises IntercomError or UnreachableError; `call` gives the
response as it is, errors included, for callers that handle errors themselves. A client writes only
what its `acts` allow; without any it only reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from helpers.core.errors import CollectionError, ConfigurationError, UnreachableError
from helpers.core.settings import Settings
from helpers.intercom.calls import AUDIT_CALLS, Call, call_named
from helpers.intercom.regions import base_url as base_url_of
from helpers.intercom.regions import checked_url
from helpers.intercom.responses import ApiResponse, date_of, unreachable
from helpers.intercom.transport import RefusalHook, Transport, live

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["API_VERSION", "Client", "http_client"]

API_VERSION: Final = "2.16"
_TIMEOUT: Final = httpx.Timeout(20, connect=5)  # seconds
_PAGE: Final = 150  # records a page
_MOST_PAGES: Final = 2000


class Client:
    """Speaks to one Intercom host with one token. Safe to share between threads."""

    def __init__(
        self,
        token: SecretStr,
        base_url: str,
        version: str = API_VERSION,
        *,
        acts: Collection[str] = (),
        allowed: Iterable[Call] | None = None,
        misuse: RefusalHook | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = checked_url(base_url)
        base = httpx.URL(self.base_url)
        listed = [c for c in AUDIT_CALLS if c.reads or c.act in acts]
        self._transport = Transport(
            transport or live(base), base, listed if allowed is None else allowed, misuse=misuse
        )
        self._http = http_client(token, self._transport, version)

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        variable: str = "INTERCOM_ACCESS_TOKEN",
        version: str = API_VERSION,
        acts: Collection[str] = (),
        transport: httpx.BaseTransport | None = None,
    ) -> Client:
        """The client of a profile. Raises ConfigurationError where the variable is not set."""
        credential = settings.credential(variable)
        if credential is None:
            raise ConfigurationError(
                f"{variable} is not set for the profile {settings.profile}.",
                "`runbook init` sets it, or export it, or name a file with --env-file.",
            )
        url = base_url_of(settings, variable)
        return cls(credential.value, url, version, acts=acts, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.base_url!r})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self,
        call: Call,
        *ids: str,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Any] | None = None,
        version: str = "",
    ) -> ApiResponse:
        """Make a call of the list and return its answer, errors of Intercom included.

        Raises ForbiddenCallError where this client may not make it, and UnreachableError.
        """
        headers = {"Intercom-Version": version} if version else None
        path = self.base_url + call.path(*ids)
        return self._send(call.method, path, call.name, params=params, json=json, headers=headers)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> ApiResponse:
        """GET a path below the base, such as `/me`; it has to be on the list."""
        url = self.base_url + path
        return self._send("GET", url, f"GET {path}", params=params)

    def me(self) -> dict[str, Any]:
        """The teammate the token belongs to, with `app`: workspace, region."""
        return self._json("GET /me")

    def admins(self) -> tuple[dict[str, Any], ...]:
        """Every teammate."""
        return _listed(self._json("GET /admins"), "admins")

    def admin(self, admin_id: str) -> dict[str, Any]:
        """One teammate."""
        return self._json("GET /admins/{id}", admin_id)

    def activity_logs(
        self, after: datetime, before: datetime | None = None, event_types: Collection[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """The activity log between two times, page by page, as Intercom orders it.

        With event types the search is used, which is a POST that reads.
        """
        period = {"created_at_after": int(after.timestamp()), "per_page": _PAGE}
        if before:
            period["created_at_before"] = int(before.timestamp())
        for page in range(1, _MOST_PAGES + 1):
            body = self._activity_page({**period, "page": page}, event_types)
            yield from _listed(body, "activity_logs")
            if page >= int((body.get("pages") or {}).get("total_pages") or 0):
                return
        raise _too_many("GET /admins/activity_logs")

    def _activity_page(
        self, query: Mapping[str, int], event_types: Collection[str]
    ) -> dict[str, Any]:
        if not event_types:
            return self._json("GET /admins/activity_logs", params=query)
        wanted = {**query, "event_types": sorted(event_types)}
        return self._json("POST /admins/activity_logs/search", json=wanted)

    def ip_allowlist(self) -> dict[str, Any]:
        """The IP allowlist: `enabled` and `ip_allowlist`."""
        return self._json("GET /ip_allowlist")

    def data_connectors(self) -> Iterator[dict[str, Any]]:
        """Every data connector, page by page."""
        after = ""
        for _ in range(_MOST_PAGES):
            query: dict[str, str | int] = {"per_page": 50}
            if after:
                query["starting_after"] = after
            body = self._json("GET /data_connectors", params=query)
            yield from _listed(body, "data")
            after = _next_cursor(body)
            if not after:
                return
        raise _too_many("GET /data_connectors")

    def data_connector(self, connector_id: str) -> dict[str, Any]:
        """One data connector, with how it authenticates."""
        return self._json("GET /data_connectors/{id}", connector_id)

    def identity_secrets(self) -> tuple[dict[str, Any], ...]:
        """The Messenger's identity secrets: names and dates, never values (Preview)."""
        return _listed(self._json("GET /secure_mode_secrets"), "data")

    def create_event(self, event: Mapping[str, Any]) -> None:
        """Write an event; needs the act `mirror`."""
        self._json("POST /events", json=event)

    def create_identity_secret(self, name: str) -> dict[str, Any]:
        """Issue an identity secret, whose value is returned only once; needs the act `rotation`."""
        supports = {"supports_web": True, "supports_ios": True, "supports_android": True}
        return self._json("POST /secure_mode_secrets", json={"name": name, **supports})

    def delete_identity_secret(self, secret_id: str) -> None:
        """Revoke an identity secret; needs the act `rotation`."""
        self._json("DELETE /secure_mode_secrets/{id}", secret_id)

    def _json(
        self,
        name: str,
        *ids: str,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return self.call(call_named(name), *ids, params=params, json=json).json()

    def _send(
        self,
        method: str,
        url: str,
        name: str,
        *,
        params: Mapping[str, str | int] | None,
        json: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ApiResponse:
        try:
            response = self._http.request(method, url, params=params, json=json, headers=headers)
        except httpx.TransportError as error:
            raise unreachable(name, error) from None
        request_id = response.headers.get("X-Request-Id", "")
        return ApiResponse.of(
            *(name, response.status_code, _body(response, name), request_id),
            date=date_of(response.headers),
        )


def http_client(token: SecretStr, transport: Transport, version: str) -> httpx.Client:
    """An httpx client that sends this token through this transport, and follows no redirect."""
    return httpx.Client(
        transport=transport,
        headers={
            "Authorization": _bearer(token),
            "Intercom-Version": version,
            "User-Agent": "intercom-security-runbook",
        },
        timeout=_TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )


def _bearer(token: SecretStr) -> str:
    """The header of a token. Raises ConfigurationError for one that could not be sent."""
    value = token.get_secret_value()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigurationError(
            "The token holds characters that no token has.",
            "Copy it again: no line breaks, no spaces, no quotation marks.",
        )
    return f"Bearer {value}"


def _body(response: httpx.Response, name: str) -> Any:
    """The JSON of an answer; an error page that isn't JSON is an answer without a code."""
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        if not response.is_success:
            return None
        raise UnreachableError(
            f"{name} was answered with something that is not whole JSON.",
            "Is INTERCOM_BASE_URL the API's own host? If so, try again.",
        ) from None


def _listed(body: Mapping[str, Any], key: str) -> tuple[dict[str, Any], ...]:
    found = body.get(key)
    rows = found if isinstance(found, list) else []
    return tuple(row for row in rows if isinstance(row, dict))


def _too_many(name: str) -> CollectionError:
    """A list that is cut short must not pass for a whole one."""
    return CollectionError(
        f"{name} has more than {_MOST_PAGES} pages, which is as many as are read.",
        "Ask for a shorter time.",
    )


def _next_cursor(body: Mapping[str, Any]) -> str:
    """`pages.next.starting_after`, or "" on the last page."""
    pages = body.get("pages")
    following = pages.get("next") if isinstance(pages, dict) else None
    return str(following.get("starting_after") or "") if isinstance(following, dict) else ""
