"""Nothing that writes leaves a reader, and a writer sends its list alone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.auditlog.segments import entries
from helpers.core.errors import ConfigurationError, ForbiddenCallError
from helpers.core.settings import Profile, Settings, load_settings
from helpers.intercom.accounts import RefusedCall, reader, writer
from helpers.intercom.scopes import endpoints, guard_of
from helpers.run.recording import recorder_of_misuse

WRITES = sorted(name for name, one in endpoints().items() if one.kind == "write")
READS = sorted(name for name, one in endpoints().items() if one.kind == "read")


def settings_with(read: str = "reader-token", write: str = "writer-token") -> Settings:
    environ = {"INTERCOM_READ_TOKEN": read, "INTERCOM_WRITE_TOKEN": write}
    return load_settings(Profile.PRODUCTION, Path("/nowhere"), environ=environ)


class Wire(httpx.BaseTransport):
    """Remembers what came through."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.tokens: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(f"{request.method} {request.url.path}")
        self.tokens.add(request.headers["Authorization"])
        return httpx.Response(200, json={})


@pytest.mark.parametrize("name", WRITES)
def test_the_reader_refuses_every_write_of_the_catalog_before_it_leaves(name: str) -> None:
    wire = Wire()
    method, _, route = name.partition(" ")
    with reader(settings_with(), transport=wire) as http, pytest.raises(ForbiddenCallError):
        http.request(method, route.replace("{id}", "123"))
    assert wire.sent == []


def test_the_reader_sends_every_read_of_the_catalog_with_its_own_token() -> None:
    wire = Wire()
    with reader(settings_with(), transport=wire) as http:
        for name in READS:
            method, _, route = name.partition(" ")
            http.request(method, route.replace("{id}", "123"), params={"per_page": 1})
    assert len(wire.sent) == len(READS)
    assert wire.tokens == {"Bearer reader-token"}


@given(
    st.sampled_from(WRITES),
    st.sampled_from(["/..", "/.", "//", "/%2e%2e", "%2f", "/x/..", ";a=b", "?_method=GET", "/"]),
    st.booleans(),
)
def test_no_odd_path_carries_a_write_past_the_reader(name: str, odd: str, before: bool) -> None:
    wire = Wire()
    method, _, route = name.partition(" ")
    path = route.replace("{id}", "123")
    url = odd + path if before else path + odd
    with reader(settings_with(), transport=wire) as http:
        for target in (url, "https://api.intercom.io" + url, "https://evil.example" + url):
            with suppress(ForbiddenCallError, httpx.InvalidURL):
                http.request(method, target)
    assert all(one.startswith("GET ") for one in wire.sent)
    assert name.startswith("GET ") or wire.sent == []


def test_misuse_is_on_record_without_ids_and_queries() -> None:
    told: list[RefusedCall] = []
    with (
        reader(settings_with(), audit=told.append, transport=Wire()) as http,
        pytest.raises(ForbiddenCallError) as caught,
    ):
        http.delete("/contacts/5f3a?email=someone@example.com")
    assert told == [RefusedCall(account="reader", method="DELETE", route="/contacts/{id}")]
    assert "writer" in caught.value.advice


def test_a_route_that_nobody_knows_is_on_record_without_its_text() -> None:
    told: list[RefusedCall] = []
    with (
        reader(settings_with(), audit=told.append, transport=Wire()) as http,
        pytest.raises(ForbiddenCallError),
    ):
        http.get("/secret/path")
    assert told == [RefusedCall(account="reader", method="GET", route="")]


def test_the_writer_sends_its_list_and_nothing_else() -> None:
    wire = Wire()
    with writer(settings_with(), ["POST /events"], transport=wire) as http:
        http.post("/events", json={})
        for method, path in (("POST", "/contacts"), ("GET", "/contacts"), ("GET", "/events")):
            with pytest.raises(ForbiddenCallError):
                http.request(method, path)
    assert wire.sent == ["POST /events"]
    assert wire.tokens == {"Bearer writer-token"}


def test_an_endpoint_that_does_not_exist_can_not_be_listed() -> None:
    with pytest.raises(ConfigurationError, match="catalog"):
        writer(settings_with(), ["POST /everything"])


def test_one_token_for_both_accounts_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="same token"):
        reader(settings_with("same-token", "same-token"))


def test_a_missing_token_is_named() -> None:
    nothing = load_settings(Profile.PRODUCTION, Path("/nowhere"), environ={})
    with pytest.raises(ConfigurationError, match="INTERCOM_READ_TOKEN"):
        reader(nothing)


def test_misuse_lands_in_the_audit_log_and_nothing_on_the_wire(tmp_path: Path) -> None:
    wire = Wire()
    with (
        reader(settings_with(), audit=recorder_of_misuse(tmp_path), transport=wire) as http,
        pytest.raises(ForbiddenCallError),
    ):
        http.delete("/contacts/5f3a?email=someone@example.com")
    last = list(entries(tmp_path / "audit"))[-1]
    assert (last.action, last.result) == ("runbook.account.misuse", "failure")
    assert dict(last.metadata) == {"method": "DELETE", "route": "/contacts/{id}"}
    assert wire.sent == []


@given(st.sampled_from(READS), st.sampled_from(WRITES), st.booleans())
def test_no_redirect_leads_a_reader_to_a_write(asked: str, forbidden: str, abroad: bool) -> None:
    """A server that answers a read with a redirect can't make it write, here or elsewhere."""
    sent: list[httpx.Request] = []
    where = ("https://evil.example" if abroad else "") + filled(forbidden)[1]

    def wire(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(307 if len(sent) == 1 else 200, headers={"Location": where})

    with reader(settings_with(), transport=httpx.MockTransport(wire)) as http:
        http.follow_redirects = True
        with suppress(ForbiddenCallError):
            http.request(*filled(asked))
    for request in sent:
        guard = guard_of(request.method, request.url.path)
        assert guard is not None
        assert (request.url.host, guard.kind) == ("api.intercom.io", "read")


def filled(name: str) -> tuple[str, str]:
    method, _, route = name.partition(" ")
    return method, route.replace("{id}", "123")
