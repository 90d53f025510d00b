"""Receivers that hang, close, babble, redirect or die: each is told as what it is, in time.

Time is bound by what the receivers see: callers that give up long before an answer without an end
would end, and no more requests than there was time for.
"""

from __future__ import annotations

import secrets
import time
from types import SimpleNamespace

import pytest

from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.records import BatteryResult, CaseOutcome, LatencyBand
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from tests.webhooks.failing import failing
from tests.webhooks.receivers import odd as odds
from tests.webhooks.receivers.odd import Behaviour, Odd, odd

SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode())
SLOW = {odds.hangs, odds.drips_a_head, odds.drips_a_body, odds.says_continue}


def patience(behaviour: Behaviour) -> float:
    """Seconds: short where they will be waited out, else long enough for a busy machine."""
    return 1.0 if behaviour in SLOW else 8.0


def run(server: Odd, options: BatteryOptions) -> BatteryResult:
    return run_battery(parse_target(server.url), BUILDER, options)


UNREADABLE = [
    (odds.hangs, "no response in time"),
    (odds.closes, "closed without a complete response"),
    (odds.closes_halfway, "closed without a complete response (incomplete response)"),
    (odds.babbles, "a response that is not HTTP"),
    (odds.speaks_tls, "a response that is not HTTP (it speaks TLS)"),
    (odds.dies, "closed without a complete response"),
    (odds.drips_a_head, "no response in time"),
    (odds.drips_a_body, "no response in time (incomplete response)"),
    (odds.goes_on_with_headers, "a response that is not HTTP"),
    (odds.says_continue, "no response in time"),
]

ENDLESS = [
    odds.drips_a_head,
    odds.drips_a_body,
    odds.goes_on,
    odds.goes_on_with_headers,
    odds.says_continue,
]
names = pytest.mark.parametrize(
    ("behaviour", "told"), UNREADABLE, ids=[behaviour.__name__ for behaviour, _ in UNREADABLE]
)


@names
def test_a_receiver_that_gives_no_answer_is_told_as_what_it_is(behaviour: Behaviour, told: str):
    with odd(behaviour) as server:
        result = run(server, BatteryOptions(timeout=patience(behaviour), recovery=0.0))
        assert server.connections == 1  # without a control there is nothing to try
    assert result.case("A01").observed == told
    assert result.control is CaseOutcome.FAIL
    assert result.case("R01").outcome is CaseOutcome.INCONCLUSIVE
    assert told in result.notes[0]


@names
def test_so_is_one_that_treats_only_forgeries_so(behaviour: Behaviour, told: str):
    with odd(behaviour, SECRET) as server:
        options = BatteryOptions(cases=("R04",), timeout=patience(behaviour), recovery=0.0)
        result = run(server, options)
    assert result.control is CaseOutcome.PASS
    assert result.case("R04").outcome is CaseOutcome.FAIL
    if behaviour is odds.dies:
        assert result.case("R04").observed.endswith("then the receiver was gone")
    else:
        assert result.case("R04").observed == told


@pytest.mark.parametrize("endless", ENDLESS, ids=lambda value: value.__name__)
def test_an_answer_without_an_end_is_not_waited_for(endless: Behaviour):
    with odd(endless) as server:
        run(server, BatteryOptions(cases=("A01",), timeout=0.5, recovery=0.0))
        server.settle()
        assert server.given_up == server.connections


def test_a_body_without_an_end_is_judged_by_its_status():
    with odd(odds.goes_on) as server:
        result = run(server, BatteryOptions(cases=("A01",)))
    assert result.case("A01").observed == "200"


def test_a_redirect_is_told_and_not_followed():
    with odd(odds.redirects) as server:
        result = run(server, BatteryOptions(cases=("A01", "P03")))
        assert server.connections == 6  # the looks at the start, and the one at the end
    assert result.case("A01").observed == "302"
    assert result.case("P03").outcome is CaseOutcome.FAIL
    assert "Intercom follows no redirect" in result.notes[0]


def test_an_old_version_of_http_is_noted_and_judged_all_the_same():
    with odd(odds.is_old) as server:
        result = run(server, BatteryOptions(cases=("R01",)))
    assert "The receiver answers with HTTP/1.0." in result.notes
    assert result.case("R01").outcome is CaseOutcome.FAIL


def test_a_run_ends_when_its_time_is_up_and_says_so():
    with odd(odds.hangs, SECRET) as server:
        result = run(server, BatteryOptions(timeout=0.2, budget=1.0))
        requests = server.connections
    assert result.notes == ("The run ended early: the time budget of the run was used up.",)
    assert result.case("E12").outcome is CaseOutcome.INCONCLUSIVE
    assert result.case("P04").outcome is CaseOutcome.INCONCLUSIVE
    assert requests < 100


def test_a_delivery_without_an_answer_counts_as_too_slow():
    with odd(odds.hangs) as server:
        assert run(server, BatteryOptions(timeout=0.2)).latency is LatencyBand.TOO_SLOW


def test_a_receiver_that_is_brought_back_is_tried_on(monkeypatch: pytest.MonkeyPatch):
    with odd(odds.dies, SECRET) as server:

        def restart(_: float) -> None:
            server.listen()

        clock = SimpleNamespace(perf_counter=time.perf_counter, sleep=restart)
        monkeypatch.setattr("helpers.webhooks.battery.time", clock)
        result = run(server, BatteryOptions(cases=("E03", "E05", "E12"), recovery=60.0))
    assert failing(result) == {"E03", "E03 wrong key", "E05", "E05 wrong key"}
    assert result.case("E03").observed.endswith("then the receiver was gone")
    assert result.case("E12").outcome is CaseOutcome.PASS


def test_a_death_is_blamed_on_none_of_several_that_were_under_way():
    with odd(odds.dies, SECRET) as server:
        result = run(server, BatteryOptions(cases=("R01", "R04", "R05"), recovery=0.0))
    assert failing(result) == {"E12"}  # that it died is judged in every run
    assert result.case("R01").outcome is CaseOutcome.INCONCLUSIVE
    assert "the receiver was gone after one of the requests from R01 to R0" in result.notes[0]


def test_a_single_case_against_a_receiver_that_dies_keeps_the_death():
    with odd(odds.dies_after_answering, SECRET) as server:
        result = run(server, BatteryOptions(cases=("R01",), recovery=0.0))
    assert failing(result) == {"R01", "E12"}
    assert result.case("R01").observed == "401, then the receiver was gone"
