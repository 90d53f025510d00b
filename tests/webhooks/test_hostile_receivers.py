"""Whatever a receiver does, a run ends within its budget and the time of one request.

Checked by what is sent: no request begins once the budget is used up, none has more than its
timeout, and none is waited for in vain. RUNBOOK_RECEIVERS=all takes the default timeout and
answers that take seven seconds.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

import pytest

from helpers.webhooks import battery
from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.records import CaseOutcome
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from helpers.webhooks.wire import ReceiverResponse, send
from tests.webhooks.matrix import ALL
from tests.webhooks.receivers import odd as odds
from tests.webhooks.receivers.odd import Behaviour, odd
from tests.webhooks.receivers.situations import Record

SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode())
TIMEOUT, BUDGET, LATE = (8.0, 20.0, 7.0) if ALL else (1.0, 2.0, 0.9)  # seconds
BEHAVIOURS = {
    "hangs": odds.hangs,
    "drips a head": odds.drips_a_head,
    "drips a body": odds.drips_a_body,
    "floods with a body": odds.goes_on,
    "floods with headers": odds.goes_on_with_headers,
    "floods with interim answers": odds.says_continue,
    "answers garbage": odds.babbles,
    "resets": odds.resets,
    "closes": odds.closes,
    "closes halfway": odds.closes_halfway,
    "is late": odds.is_late(LATE),
}


class Watch:
    """Sends requests for the battery and notes what it was asked to do."""

    def __init__(self) -> None:
        self.begun = time.perf_counter()
        self.timeouts: set[float] = set()
        self.under_way = 0
        self._starts: list[float] = []
        self._lock = threading.Lock()

    def send(self, *arguments: Any, timeout: float, **more: Any) -> ReceiverResponse:
        with self._lock:
            self._starts.append(time.perf_counter() - self.begun)
            self.timeouts.add(timeout)
            self.under_way += 1
        response = send(*arguments, timeout=timeout, **more)
        with self._lock:
            self.under_way -= 1
        return response

    @property
    def last(self) -> float:
        """Seconds from the begin of the run to that of its last request."""
        return max(self._starts)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("forgeries_alone", [True, False], ids=["forgeries", "everything"])
@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_run_ends_within_its_budget_and_one_request(
    name: str,
    forgeries_alone: bool,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
):
    behaviour: Behaviour = BEHAVIOURS[name]
    with odd(behaviour, SECRET if forgeries_alone else "") as server:
        watch = Watch()
        monkeypatch.setattr(battery, "send", watch.send)
        result = run_battery(
            parse_target(server.url), BUILDER, BatteryOptions(timeout=TIMEOUT, budget=BUDGET)
        )
    took = time.perf_counter() - watch.begun
    which = "forgeries" if forgeries_alone else "everything"
    record_property("receiver", f"hostile, {name} at {which}: {took:.1f} s of {BUDGET:.0f} s")
    assert watch.timeouts == {TIMEOUT}
    assert watch.under_way == 0
    assert watch.last <= BUDGET + TIMEOUT  # from check to start a busy machine may lose a moment
    assert result.control is not CaseOutcome.INCONCLUSIVE


def test_a_flood_of_responses_is_searched_in_part_and_the_result_says_so():
    with odd(odds.goes_on) as server:
        result = run_battery(parse_target(server.url), BUILDER)
    assert result.case("L01").outcome is CaseOutcome.INCONCLUSIVE
    assert result.case("L01").observed == "nothing in the part that was searched"
