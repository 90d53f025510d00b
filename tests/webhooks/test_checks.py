"""Every check of the step on made-up facts: pass, fail, manual, not applicable, error."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.core.catalog import Check, load
from helpers.core.model import Severity, Status
from helpers.webhooks.checks.receiver import (
    deliveries_are_answered_in_time,
    delivery_rules_are_met,
    forgeries_are_refused,
)
from helpers.webhooks.records import (
    BatteryResult,
    CaseOutcome,
    CaseResult,
    ClientSecretStatus,
    Expect,
    LatencyBand,
    ReceiverAddress,
)
from tests.checking import off, statuses, unreadable, verdicts

PASS, FAIL, MANUAL, NA, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.MANUAL,
    Status.NOT_APPLICABLE,
    Status.ERROR,
)
CHECKS = {check.id: check for check in load() if check.step == "webhooks"}
GROUPS = {"WHK-003": "A", "WHK-004": "R", "WHK-005": "E", "WHK-006": "L", "WHK-008": "P"}


def case(
    case_id: str, outcome: CaseOutcome = CaseOutcome.PASS, severity: Severity = Severity.HIGH
) -> CaseResult:
    told = outcome in {CaseOutcome.FAIL, CaseOutcome.NOTE}
    return CaseResult(
        id=case_id,
        title=f"Case {case_id}",
        sent="Something.",
        expect=Expect.REFUSE,
        advisory=False,
        severity=severity,
        outcome=outcome,
        observed="200",
        consequence="It matters." if told else "",
        fix=("Mend it.",) if told else (),
    )


def battery(
    *cases: CaseResult,
    control: CaseOutcome = CaseOutcome.PASS,
    latency: LatencyBand = LatencyBand.FAST,
    notes: tuple[str, ...] = (),
) -> BatteryResult:
    return BatteryResult(
        scheme="webhook",
        receiver="https://hooks.example.com",
        framework="",
        control=control,
        latency=latency,
        cases=cases,
        notes=notes,
    )


def receiver(scheme: str = "https", *, loopback: bool = False) -> ReceiverAddress:
    host = "127.0.0.1" if loopback else "hooks.example.com"
    return ReceiverAddress(scheme=scheme, host=host, loopback=loopback)


def secret(*, configured: bool) -> ClientSecretStatus:
    return ClientSecretStatus(variable="INTERCOM_CLIENT_SECRET", configured=configured)


CONFIGURATION: list[tuple[str, dict[str, Any], Status]] = [
    ("WHK-001", {"client_secret": secret(configured=True), "receiver": receiver()}, PASS),
    ("WHK-001", {"client_secret": secret(configured=False), "receiver": receiver()}, FAIL),
    ("WHK-001", {"client_secret": secret(configured=True), "receiver": off()}, MANUAL),
    ("WHK-001", {"client_secret": secret(configured=True), "receiver": unreadable()}, ERROR),
    ("WHK-002", {"receiver": receiver()}, PASS),
    ("WHK-002", {"receiver": receiver("http")}, FAIL),
    ("WHK-002", {"receiver": receiver("http", loopback=True)}, NA),
    ("WHK-002", {"receiver": off()}, MANUAL),
    ("WHK-002", {"receiver": unreadable()}, ERROR),
]
SERVICE: list[tuple[str, dict[str, Any], Status]] = [
    ("WHK-007", {"battery": battery()}, PASS),
    ("WHK-007", {"battery": battery(latency=LatencyBand.SLOW)}, FAIL),
    ("WHK-007", {"battery": battery(latency=LatencyBand.TOO_SLOW)}, FAIL),
    ("WHK-007", {"battery": battery(latency=LatencyBand.UNKNOWN)}, ERROR),
    ("WHK-009", {"battery": battery(case("P04"), case("P05"))}, PASS),
    ("WHK-009", {"battery": battery(case("P04", CaseOutcome.FAIL), case("P05"))}, FAIL),
    ("WHK-009", {"battery": battery(case("P04"), case("P05", CaseOutcome.NOTE))}, MANUAL),
    ("WHK-009", {"battery": battery(case("P04", CaseOutcome.INCONCLUSIVE), case("P05"))}, ERROR),
    ("WHK-009", {"battery": battery(case("P04"), control=CaseOutcome.FAIL)}, ERROR),
    ("WHK-009", {"battery": battery()}, ERROR),
    ("WHK-009", {"battery": battery(case("P04", CaseOutcome.SKIPPED))}, NA),
]
OF_GROUPS: list[tuple[str, dict[str, Any], Status]] = [
    (check, {"battery": battery(*(case(group + number, seen) for number, seen in cases))}, expected)
    for check, group in GROUPS.items()
    for expected, cases in (
        (PASS, [("02", CaseOutcome.PASS)]),
        (PASS, [("02", CaseOutcome.PASS), ("03", CaseOutcome.NOTE)]),
        (FAIL, [("02", CaseOutcome.FAIL), ("03", CaseOutcome.INCONCLUSIVE)]),
        (ERROR, [("02", CaseOutcome.PASS), ("03", CaseOutcome.INCONCLUSIVE)]),
        (NA, [("02", CaseOutcome.SKIPPED)]),
        (ERROR, []),
    )
]
OF_THE_BATTERY: list[tuple[str, dict[str, Any], Status]] = [
    (check, {"battery": datum}, status)
    for check in (*GROUPS, "WHK-007", "WHK-009")
    for datum, status in ((off(), MANUAL), (unreadable(), ERROR))
]
CASES = [*CONFIGURATION, *SERVICE, *OF_GROUPS, *OF_THE_BATTERY]


@pytest.mark.parametrize(("name", "data", "expected"), CASES)
def test_a_check_says_what_its_facts_say(name: str, data: dict[str, Any], expected: Status):
    assert statuses(CHECKS[name], **data) == [expected]


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_every_verdict_that_a_check_promises_is_tried(check: Check):
    tried = {expected for name, _, expected in CASES if name == check.id}
    promised = {status for status, words in check.verdicts.items() if not words.startswith("never")}
    assert promised == tried


def test_a_group_fails_as_badly_as_its_worst_case_and_says_how_to_mend_each():
    low = case("R11", CaseOutcome.FAIL, Severity.LOW)
    worst = case("R01", CaseOutcome.FAIL, Severity.CRITICAL)
    left = case("R02", CaseOutcome.SKIPPED)
    (found,) = verdicts(forgeries_are_refused, battery=battery(low, worst, left))
    assert found.severity is Severity.CRITICAL
    assert found.message == "2 of 2 cases failed. It matters."
    assert [evidence.where for evidence in found.evidence] == ["R01", "R11"]
    assert found.remediation == ("Mend it.",)


def test_what_was_skipped_is_told_beside_a_pass():
    cases = (case("P03"), case("P02", CaseOutcome.SKIPPED))
    (found,) = verdicts(delivery_rules_are_met, battery=battery(*cases))
    assert found.status is PASS
    assert "skipped: Case P02" in [e.what.partition(" (")[0] for e in found.evidence]


def test_a_long_list_of_cases_is_cut_and_says_so():
    cases = [case(f"R{n:02}", CaseOutcome.FAIL) for n in range(1, 16)]
    (found,) = verdicts(forgeries_are_refused, battery=battery(*cases))
    assert len(found.evidence) == 13
    assert found.evidence[-1].what == "and 3 more cases"


def test_an_error_says_what_the_battery_noted():
    lost = battery(case("R01", CaseOutcome.INCONCLUSIVE), notes=("Genuine ones are refused.",))
    (found,) = verdicts(forgeries_are_refused, battery=lost)
    assert found.message == "Genuine ones are refused."


@pytest.mark.parametrize(
    ("band", "severity"),
    [(LatencyBand.SLOW, Severity.MEDIUM), (LatencyBand.TOO_SLOW, Severity.HIGH)],
)
def test_slow_is_a_medium_failure_and_too_slow_a_high_one(band: LatencyBand, severity: Severity):
    (found,) = verdicts(deliveries_are_answered_in_time, battery=battery(latency=band))
    assert found.severity is severity
