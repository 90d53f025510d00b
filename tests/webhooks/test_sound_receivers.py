"""No false alarm: receivers that do it right, in the frameworks that people use."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import pytest

from helpers.webhooks.action import run_battery
from helpers.webhooks.records import CaseOutcome, LatencyBand
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from tests.webhooks.failing import failing
from tests.webhooks.receivers.process import running

SECRET = secrets.token_hex(20)
RECEIVERS = Path(__file__).with_name("receivers")


def assert_no_alarm(url: str) -> None:
    result = run_battery(parse_target(url), RequestBuilder(WEBHOOK, SECRET.encode()))
    assert failing(result) == set()
    assert result.control is CaseOutcome.PASS
    assert result.latency is not LatencyBand.UNKNOWN
    assert [case.id for case in result.cases if case.outcome is CaseOutcome.INCONCLUSIVE] == []
    assert result.case("A14").outcome is CaseOutcome.PASS


@pytest.mark.parametrize("framework", ["flask", "django", "starlette"])
def test_a_sound_receiver_raises_no_alarm(framework: str):
    with running((sys.executable, RECEIVERS / f"{framework}_app.py"), SECRET) as url:
        assert_no_alarm(url)
