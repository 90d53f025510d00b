"""The client: a token, a host, and the calls of the list as methods.

    with Client.from_settings(settings) as client:
        me = client.me()

A method returns a model of `helpers.intercom.answers`, or a `Listing` of them. It raises
IntercomError for an error of Intercom, UnreadableAnswerError for an answer that is not what the
call is documented to give, and UnreachableError. `call` gives the response as it is, errors
included, for callers that handle errors themselves. A client writes only what its `acts` allow;
without any it only reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import httpx

from helpers.core.errors import ConfigurationError, UnreadableAnswerError
from helpers.core.policy import Limits
from helpers.core.settings import Settings
from helpers.intercom.activity_types import activity_types, strange_types
from helpers.intercom.answers import (
    Activity,
    Admin,
    Answer,
    ConnectorDetail,
    ConnectorSummary,
    IpAllowlist,
    ListedSecret,
    Me,
    NewSecret,
)
from helpers.intercom.body import BROKEN, parse_body
from helpers.intercom.bounds import large_answers
from helpers.intercom.calls import AUDIT_CALLS, Call, call_named
from helpers.intercom.listing import Listing, cursor_pages, numbered_pages
from helpers.intercom.reader import ListPage, read, read_list, read_nothing
from helpers.intercom.regions import base_url as base_url_of
from helpers.intercom.regions import checked_url
from helpers.intercom.responses import (
    ApiResponse,
    broken_off,
    date_of,
    other_version,
    unreachable,
)
from helpers.intercom.transport import RefusalHook, Transport, live

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["API_VERSION", "Client", "http_client"]

M = TypeVar("M", bound=Answer)

API_VERSION: Final = "2.16"
_TIMEOUT: Final = httpx.Timeout(20, connect=5)  # seconds
_PAGE: Final = 150  # records a page of the activity log
_STRAY: Final = 86_400  # seconds by which a row may miss the period, as days and clocks differ
_CONNECTORS: Final = 50  # connectors a page
_ONE_ADMIN: Final = "GET /admins/{id}"
_ONE_CONNECTOR: Final = "GET /data_connectors/{id}"
_ACTIVITY: Final = "GET /admins/activity_logs"
_ACTIVITY_SEARCH: Final = "POST /admins/activity_logs/search"
_NO_SEARCH: Final = frozenset({403, 404, 405})  # refused, or not there
_NOT_IN_VERSION: Final = "intercom_version_invalid"
_UNPAGED: Final = 1_000_000_000  # a list that comes as one page is never full


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
        limits: Limits | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.base_url = checked_url(base_url)
        base = httpx.URL(self.base_url)
        listed = [c for c in AUDIT_CALLS if c.reads or c.act in acts]
        self._transport = Transport(
            transport or live(base),
            base,
            listed if allowed is None else allowed,
            misuse=misuse,
            limits=self.limits,
        )
        self._http = http_client(token, self._transport, version)
        self._search_refused = False

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        variable: str = "INTERCOM_ACCESS_TOKEN",
        version: str = API_VERSION,
        acts: Collection[str] = (),
        limits: Limits | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> Client:
        """The client of a profile. Raises ConfigurationError where the variable is not set."""
        credential = settings.credential(variable)
        if credential is None:
            raise ConfigurationError(
                f"{variable} is not set for {settings.name}.",
                "`runbook init` sets it, or export it, or name a file with --env-file.",
            )
        return cls(
            credential.value,
            base_url_of(settings, variable),
            version,
            acts=acts,
            limits=limits,
            transport=transport,
        )

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

    def me(self) -> Me:
        """The teammate the token belongs to, with `app`: workspace, region."""
        return read(self._asked("GET /me"), Me)

    def admins(self) -> Listing[Admin]:
        """Every teammate."""
        return self._unpaged("GET /admins", "admins", Admin)

    def admin(self, admin_id: str) -> Admin:
        """One teammate."""
        return _own(read(self._asked(_ONE_ADMIN, admin_id), Admin), admin_id, _ONE_ADMIN)

    def activity_logs(
        self, after: datetime, before: datetime | None = None, event_types: Collection[str] = ()
    ) -> Listing[Activity]:
        """The activity log between two times, page by page, as Intercom orders it.

        Partial too where most rows are of types that were not asked for, or that nobody knows, and
        where rows are of another period: a server that ignores the period may hold rows back.
        """
        kinds: Counter[str] = Counter()
        expected = frozenset(event_types) or activity_types()
        begin, end = int(after.timestamp()), int(before.timestamp()) if before else None
        strays = 0

        def is_stray(row: Activity) -> bool:
            early = row.created_at < begin - _STRAY
            return early or (end is not None and row.created_at > end + _STRAY)

        def page(number: int) -> ListPage[Activity]:
            nonlocal strays
            found = self.activity_page(begin, end, number, per_page=_PAGE, event_types=event_types)
            kinds.update(row.activity_type for row in found.rows)
            strays += sum(map(is_stray, found.rows))
            return found

        def doubt() -> str:
            other = f"{strays:,} of the rows are not of the period asked for" if strays else ""
            return "; ".join(filter(None, (other, strange_types(kinds, expected))))

        return Listing(_ACTIVITY_SEARCH, numbered_pages(page, self.limits), doubt)

    def activity_page(
        self,
        after: int,
        before: int | None,
        number: int,
        *,
        per_page: int,
        event_types: Collection[str] = (),
    ) -> ListPage[Activity]:
        """One page of the activity log, read strictly; parameters as for `activity_answer`."""
        answer = self.activity_answer(
            after, before, number, per_page=per_page, event_types=event_types
        )
        found = read_list(answer, "activity_logs", Activity, most=per_page)
        kinds = event_types if answer.call == _ACTIVITY else ()
        return found.of(lambda row: row.activity_type in kinds) if kinds else found

    def activity_answer(
        self,
        after: int,
        before: int | None,
        number: int,
        *,
        per_page: int,
        event_types: Collection[str] = (),
    ) -> ApiResponse:
        """The answer with one page of the activity log, times in Unix seconds, pages from 1 on.

        The search is used, a POST that reads, as it is the call whose pages 2.16 documents. Where
        it is refused, the GET is asked, which can't be narrowed to kinds of event: whether it minds
        the page, its answer has to show.
        """
        wanted: dict[str, Any] = {"created_at_after": after, "page": number, "per_page": per_page}
        if before is not None:
            wanted["created_at_before"] = before
        if not self._search_refused:
            kinds = {"event_types": sorted(event_types)} if event_types else {}
            answer = self._asked(_ACTIVITY_SEARCH, json={**wanted, **kinds})
            self._search_refused = answer.status in _NO_SEARCH or answer.code == _NOT_IN_VERSION
            if not self._search_refused:
                return answer
        return self._asked(_ACTIVITY, params=wanted)

    def ip_allowlist(self) -> IpAllowlist:
        """The IP allowlist: `enabled` and `ip_allowlist`."""
        return read(self._asked("GET /ip_allowlist"), IpAllowlist)

    def data_connectors(self) -> Listing[ConnectorSummary]:
        """Every data connector, page by page."""
        name = "GET /data_connectors"

        def page(cursor: str) -> ListPage[ConnectorSummary]:
            query: dict[str, str | int] = {"per_page": _CONNECTORS}
            if cursor:
                query["starting_after"] = cursor
            answer = self._asked(name, params=query)
            return read_list(answer, "data", ConnectorSummary, most=_CONNECTORS)

        return Listing(name, cursor_pages(page, _CONNECTORS, self.limits))

    def data_connector(self, connector_id: str) -> ConnectorDetail:
        """One data connector, with how it authenticates."""
        found = read(self._asked(_ONE_CONNECTOR, connector_id), ConnectorDetail)
        return _own(found, connector_id, _ONE_CONNECTOR)

    def identity_secrets(self) -> Listing[ListedSecret]:
        """The Messenger's identity secrets: names and dates, never values (Preview)."""
        return self._unpaged("GET /secure_mode_secrets", "data", ListedSecret)

    def create_event(self, event: Mapping[str, Any]) -> None:
        """Write an event; needs the act `mirror`."""
        read_nothing(self._asked("POST /events", json=event), 202)

    def create_identity_secret(self, name: str) -> NewSecret:
        """Issue an identity secret, whose value is returned only once; needs the act `rotation`."""
        supports = {"supports_web": True, "supports_ios": True, "supports_android": True}
        made = self._asked("POST /secure_mode_secrets", json={"name": name, **supports})
        return read(made, NewSecret, status=201)

    def delete_identity_secret(self, secret_id: str) -> None:
        """Revoke an identity secret; needs the act `rotation`."""
        read_nothing(self._asked("DELETE /secure_mode_secrets/{id}", secret_id), 204)

    def _unpaged(self, name: str, key: str, model: type[M]) -> Listing[M]:
        """A list that Intercom gives as one page; if it says that there are more, it is cut."""

        def page(_: str) -> ListPage[M]:
            return read_list(self._asked(name), key, model)

        return Listing(name, cursor_pages(page, _UNPAGED, self.limits))

    def _asked(
        self,
        name: str,
        *ids: str,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> ApiResponse:
        return self.call(call_named(name), *ids, params=params, json=json)

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
        with large_answers():
            try:
                response = self._http.request(
                    method, url, params=params, json=json, headers=headers
                )
            except httpx.TransportError as error:
                raise unreachable(name, error) from None
            return self._response(name, response)

    def _response(self, name: str, response: httpx.Response) -> ApiResponse:
        headers = response.headers
        content_type = headers.get("Content-Type", "")
        body, defect = parse_body(response.content, content_type, self.limits)
        if defect == BROKEN and response.is_success:
            raise broken_off(name)
        if response.is_success and (other := other_version(response)):
            body, defect = None, other
        return ApiResponse.of(
            *(name, response.status_code, body, headers.get("X-Request-Id", "")),
            date=date_of(headers),
            defect=defect,
        )


_Named = TypeVar("_Named", Admin, ConnectorDetail)


def _own(found: _Named, wanted: str, call: str) -> _Named:
    """The record that was asked for. Raises UnreadableAnswerError for another one."""
    if found.id != wanted:
        what = "the record is not the one that was asked for"
        raise UnreadableAnswerError(call, what, field="id")
    return found


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
