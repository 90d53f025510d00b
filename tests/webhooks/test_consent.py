"""What leaves the machine needs consent, and what is heavy needs a second one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from helpers.core.errors import UsageError
from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.records import BatteryResult, CaseOutcome
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import Target, parse_target
from tests.webhooks.mutants.host import serve

SECRET = secrets.token_hex(20)
HEAVY = ("E10", "P02", "P07")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A receiver that counts as one on another machine."""
    monkeypatch.setattr(Target, "loopback", False)
    with serve({}, WEBHOOK, SECRET) as (url, _):
        yield url


def run(url: str, *, consent: bool, heavy: bool) -> BatteryResult:
    options = BatteryOptions(cases=("R01", *HEAVY), consent=consent, heavy=heavy)
    return run_battery(parse_target(url), RequestBuilder(WEBHOOK, SECRET.encode()), options)


@pytest.mark.parametrize("heavy", [False, True])
def test_without_consent_nothing_is_sent(elsewhere: str, heavy: bool):
    with pytest.raises(UsageError, match="--consent"):
        run(elsewhere, consent=False, heavy=heavy)


def test_with_consent_what_is_heavy_is_skipped_and_said_to_be(elsewhere: str):
    result = run(elsewhere, consent=True, heavy=False)
    assert result.case("R01").outcome is CaseOutcome.PASS
    assert {result.case(case_id).outcome for case_id in HEAVY} == {CaseOutcome.SKIPPED}
    assert result.case("E10").observed == "heavy: not requested"


def test_with_both_everything_is_tried(elsewhere: str):
    result = run(elsewhere, consent=True, heavy=True)
    assert result.count(CaseOutcome.SKIPPED, CaseOutcome.INCONCLUSIVE) == 0


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://hooks.example.com/in?key=1", ("hooks.example.com", 80, "/in?key=1")),
        ("https://hooks.example.com:8443/", ("hooks.example.com", 8443, "/")),
    ],
)
def test_the_http_variant_is_where_a_browser_would_look(url: str, plain: tuple[str, int, str]):
    target = parse_target(url).plain()
    assert (target.scheme, target.host, target.port, target.path) == ("http", *plain)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "localhost.example.com", "10.0.0.1"]
)
def test_only_loopback_is_this_machine(host: str):
    own = host in {"localhost", "127.0.0.1", "127.9.9.9", "[::1]"}
    assert parse_target(f"http://{host}:8000/").loopback is own


@pytest.mark.parametrize(
    "url",
    [
        "hooks.example.com/in",
        "ftp://example.com/",
        "ftp://127.0.0.1:21/",
        "http://127.0.0.1:0/",
        "http://:word@127.0.0.1:8000/",
        "http://user:word@example.com/",
        "http://exa mple.com/",
        "http://example.com/\r\nX: y",
        "http://example.com:99999/",
        "http://[::1/",
        "",
    ],
)
def test_what_is_no_receivers_address_is_refused_without_being_repeated(url: str):
    with pytest.raises(UsageError) as refused:
        parse_target(url)
    assert "word" not in str(refused.value)
