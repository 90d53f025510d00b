"""Nothing leaves the machine but what the list allows, to the token's own host."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.errors import ForbiddenCallError
from helpers.intercom.calls import AUDIT_CALLS
from helpers.intercom.pace import Pace, pause_until_reset
from helpers.intercom.transport import Transport

READS = tuple(call for call in AUDIT_CALLS if call.reads)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "X"])
PIECES = (
    *("..", ".", "", "%2e%2e", "%2F", "%2f..", ";x", "\\", "@evil.example", "me%00", "me%0a"),
    *("me", "ME", "contacts", "admins", "events", "ip_allowlist", "tags"),
    *("activity_logs", "search"),
)
ODD = st.sampled_from(PIECES)


def sent_by(method: str, url: str, base: str = "https://api.intercom.io") -> list[httpx.Request]:
    """What reaches the wire when a reader is asked for this; nothing where it is refused."""
    sent: list[httpx.Request] = []

    def wire(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    transport = Transport(httpx.MockTransport(wire), httpx.URL(base), READS)
    with suppress(ForbiddenCallError, httpx.InvalidURL):
        httpx.Client(transport=transport, follow_redirects=True).request(method, url)
    return sent


@given(METHODS, st.lists(ODD, max_size=5))
def test_only_listed_routes_reach_the_wire(method: str, segments: list[str]) -> None:
    for request in sent_by(method, "https://api.intercom.io/" + "/".join(segments)):
        raw = request.url.raw_path.decode("ascii")
        assert any(call.fits(request.method, raw) for call in READS)
        assert not set(raw) & set("%;\\.")


@given(METHODS, st.text(max_size=30))
def test_no_text_as_a_path_reaches_another_host_or_route(method: str, path: str) -> None:
    for request in sent_by(method, "https://api.intercom.io/" + path):
        assert request.url.host == "api.intercom.io"
        raw = request.url.raw_path.decode("ascii").partition("?")[0]
        assert any(call.fits(request.method, raw) for call in READS)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.intercom.io.evil.example/me",
        "https://evil.example/me",
        "http://api.intercom.io/me",
        "https://api.intercom.io:444/me",
        "https://api.eu.intercom.io/me",
        "https://api.intercom.io@evil.example/me",
        "https://api.intercom.io//me",
        "https://api.intercom.io/me/",
        "https://api.intercom.io/x/../me/../ip_allowlist/x",
        "https://api.intercom.io/contacts/1/banners",
        "https://api.intercom.io/me?x=1",
    ],
)
def test_another_host_or_an_odd_path_is_refused(url: str) -> None:
    assert sent_by("GET", url) == []


def test_a_path_outside_the_prefix_is_refused() -> None:
    base = "http://127.0.0.1:9/w/one"
    assert sent_by("GET", "http://127.0.0.1:9/w/one/me", base)
    for path in ("/me", "/w/two/me", "/w/onex/me", "/w/one", "/w/one/../two/me"):
        assert sent_by("GET", "http://127.0.0.1:9" + path, base) == []


def test_a_redirect_does_not_carry_the_token_elsewhere() -> None:
    hosts: list[str] = []

    def wire(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://evil.example/me"})

    transport = Transport(httpx.MockTransport(wire), httpx.URL("https://api.intercom.io"), READS)
    with pytest.raises(ForbiddenCallError):
        httpx.Client(transport=transport, follow_redirects=True).get("https://api.intercom.io/me")
    assert hosts == ["api.intercom.io"]


@pytest.mark.parametrize("call", AUDIT_CALLS, ids=lambda call: call.name)
def test_a_call_fills_its_route_with_plain_ids_only(call: object) -> None:
    from helpers.intercom.calls import Call

    assert isinstance(call, Call)
    holes = call.route.count("{")
    assert call.fits(call.method, call.path(*["abc-1"] * holes))
    if holes:
        for odd in ("", "..", "a/b", "a%2fb", "a?b", "a.b", "a b"):
            with pytest.raises(ValueError, match="plain"):
                call.path(odd)


def test_misuse_is_told_before_the_refusal() -> None:
    told: list[tuple[str, str]] = []
    wire = httpx.MockTransport(lambda _: httpx.Response(200))
    base = httpx.URL("https://api.intercom.io")
    transport = Transport(wire, base, READS, misuse=lambda *call: told.append(call))
    with pytest.raises(ForbiddenCallError):
        httpx.Client(transport=transport).delete("https://api.intercom.io/contacts/1")
    assert told == [("DELETE", "/contacts/1")]


def limited(**headers: str) -> httpx.Response:
    return httpx.Response(429, headers={k.replace("_", "-"): v for k, v in headers.items()})


def test_the_pause_lasts_until_the_reset_by_the_answers_own_clock() -> None:
    answer = limited(X_RateLimit_Reset="1772442007", Date="Mon, 02 Mar 2026 09:00:00 GMT")
    assert pause_until_reset(answer) == 7.0


@pytest.mark.parametrize("reset", ["", "x", "-1", "1", "99999999999", "1e3", "1.5"])
def test_a_reset_that_makes_no_sense_means_a_second(reset: str) -> None:
    assert pause_until_reset(limited(X_RateLimit_Reset=reset, Date="nonsense")) == 1.0


@given(st.text(max_size=12), st.text(max_size=30))
def test_no_header_makes_the_pause_long_or_negative(reset: str, date: str) -> None:
    headers = [(b"X-RateLimit-Reset", reset.encode()), (b"Date", date.encode())]
    assert 0 < pause_until_reset(httpx.Response(429, headers=headers)) <= 15


def test_every_call_waits_where_the_window_is_used_up_and_none_longer_than_it() -> None:
    now = 50.0

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    slept: list[float] = []
    pace = Pace(sleep, lambda: now)
    pace.observe(limited(X_RateLimit_Remaining="1"))
    pace.hold()
    assert slept == []
    pace.observe(limited(X_RateLimit_Remaining="0"))
    pace.observe(limited(X_RateLimit_Remaining="1"))  # it had left before, and came later
    now += 0.75
    pace.hold()
    pace.hold()
    assert slept == [0.25]
