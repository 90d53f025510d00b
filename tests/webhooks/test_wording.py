"""The result says what follows from what was seen, and no more."""

from __future__ import annotations

import secrets

from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.cases.case import BREAKS
from helpers.webhooks.cases.forged import ANYONE
from helpers.webhooks.records import BatteryResult, CaseOutcome
from helpers.webhooks.reporting import headline, result_lines
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from tests.webhooks.mutants.defects import DEFECTS
from tests.webhooks.mutants.host import serve
from tests.webhooks.receivers.odd import dies, odd, redirects

SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode())


def run(defect_id: str, *cases: str) -> BatteryResult:
    (changes,) = [defect.changes for defect in DEFECTS if defect.id == defect_id]
    with serve(changes, WEBHOOK, SECRET) as (url, _):
        return run_battery(parse_target(url), BUILDER, BatteryOptions(cases=cases))


def test_a_forgery_that_is_accepted_can_be_sent_by_anyone():
    assert run("checks what is signed only", "R01").case("R01").consequence == ANYONE


def test_one_that_is_answered_with_an_error_lets_anyone_break_it_and_no_more():
    found = run("parses first", "R23", "E03")
    assert [found.case(case_id).consequence for case_id in ("R23", "E03")] == [BREAKS, BREAKS]


def test_a_malformed_request_that_is_accepted_breaks_nothing():
    found = run("takes nothing for a health check", "E05").case("E05")
    assert found.consequence == "Unsigned input is accepted."


def test_a_signed_delivery_that_breaks_it_can_be_sent_by_intercom_alone():
    found = run("breaks at an old delivery", "P04").case("P04")
    assert found.outcome is CaseOutcome.FAIL
    assert "without a signature" not in found.consequence


def test_of_a_forgery_that_is_redirected_nothing_is_claimed():
    with odd(redirects, SECRET) as server:
        result = run_battery(parse_target(server.url), BUILDER, BatteryOptions(cases=("R01",)))
    found = result.case("R01")
    assert (found.outcome, found.observed) == (CaseOutcome.FAIL, "302")
    assert "neither accepts nor refuses" in found.consequence


def test_one_reason_for_which_many_cases_say_nothing_is_told_once():
    with odd(dies, SECRET) as server:
        result = run_battery(parse_target(server.url), BUILDER, BatteryOptions(recovery=0.0))
    lines = list(result_lines(result))
    unjudged = result.count(CaseOutcome.INCONCLUSIVE)
    assert unjudged > 20
    assert sum(line.startswith("inconclusive") for line in lines) == 1
    assert headline(result).startswith(f"1 of 95 cases failed. {unjudged} are inconclusive.")
    assert any("one by one (--case)" in line for line in lines)
