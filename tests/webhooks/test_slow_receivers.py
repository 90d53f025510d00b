"""A sound receiver that is slow or limits its rate is not dead, and what time allows is judged."""

from __future__ import annotations

import secrets

from helpers.cli.webhook_test import report_of_run
from helpers.core.exit_status import exit_status
from helpers.core.model import Severity
from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.records import BatteryResult, CaseOutcome
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from tests.webhooks.failing import failing
from tests.webhooks.mutants.defects.defect import Changes, on_arrival, with_claim
from tests.webhooks.mutants.host import serve

SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode())


def slowed(seconds: float) -> Changes:
    """A sound receiver that takes so long for each request that it verifies."""
    return with_claim(f'__import__("time").sleep({seconds})')


def run(changes: Changes, options: BatteryOptions) -> BatteryResult:
    with serve(changes, WEBHOOK, SECRET) as (url, _):
        return run_battery(parse_target(url), BUILDER, options)


def test_a_slow_sound_receiver_is_judged_in_every_case():
    result = run(slowed(0.3), BatteryOptions())
    assert failing(result) == set()
    assert result.count(CaseOutcome.INCONCLUSIVE) == 0


def test_a_receiver_that_outlasts_the_budget_is_inconclusive_and_not_dead():
    result = run(slowed(0.3), BatteryOptions(budget=4.0))
    assert failing(result) == set()
    assert result.case("E12").outcome is CaseOutcome.INCONCLUSIVE
    assert result.notes == ("The run ended early: the time budget of the run was used up.",)
    assert exit_status(report_of_run(result), Severity.HIGH) == 10


def test_a_control_that_is_late_after_a_malformed_request_is_no_death():
    sixth = on_arrival("if b'A01_5' in body:", '    __import__("time").sleep(1.0)')
    result = run(sixth, BatteryOptions(cases=("E04",), timeout=0.6))
    assert failing(result) == set()
    assert result.case("E04").outcome is CaseOutcome.INCONCLUSIVE
    assert result.case("E04").observed.endswith("a genuine delivery got no response in time")


def test_a_rate_limit_is_obeyed_and_is_no_failure():
    limit = on_arrival(
        "now = __import__('time').monotonic()",
        "recent = [at for at in ACTED_UPON if isinstance(at, float) and at > now - 0.5]",
        "if len(recent) >= 40:",
        "    return 429, 'slow down'",
        "ACTED_UPON.append(now)",
    )
    result = run(limit, BatteryOptions())
    assert failing(result) == set()
    assert result.count(CaseOutcome.INCONCLUSIVE) == 0
    assert result.case("P02").outcome is CaseOutcome.NOTE
