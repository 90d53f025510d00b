"""Exit statuses: the worst unwaived failure, else what could not be looked at."""

from __future__ import annotations

import pytest

from helpers.core.exit_status import exit_status
from helpers.core.model import Baseline, Report, Severity, Status, StepResult, WaiverNote
from tests.report.samples import finding, full_report, report

WAIVED = WaiverNote(owner="ana", reason="known", expires="2026-12-31")
PASSED = finding("ENV-002", Status.PASS)
ERROR = finding("ENV-003", Status.ERROR)
LOW = finding(severity=Severity.LOW)
CRITICAL = finding(severity=Severity.CRITICAL)


@pytest.mark.parametrize(("severity", "status"), list(zip(Severity, (11, 12, 13, 14), strict=True)))
def test_a_failure_has_the_status_of_its_severity(severity: Severity, status: int) -> None:
    assert exit_status(report(PASSED, finding(severity=severity)), Severity.LOW) == status


@pytest.mark.parametrize(
    ("made", "fail_on", "status"),
    [
        (report(PASSED), Severity.HIGH, 0),
        (report(LOW), Severity.HIGH, 0),
        (report(LOW, CRITICAL), Severity.HIGH, 14),
        (report(CRITICAL), "never", 0),
        (report(PASSED, ERROR), Severity.HIGH, 10),
        (report(PASSED, ERROR), "never", 0),
        (report(LOW, ERROR), Severity.HIGH, 10),
        (report(LOW, ERROR), Severity.LOW, 11),
        (report(finding(waiver=WAIVED)), Severity.LOW, 0),
        (report(PASSED, finding("ENV-004", Status.ERROR, waiver=WAIVED)), Severity.LOW, 0),
        (report(ERROR), Severity.HIGH, 3),
        (report(ERROR), "never", 3),
        (report(finding(status=Status.MANUAL)), Severity.HIGH, 3),
        (report(), Severity.HIGH, 3),
        (full_report(), Severity.HIGH, 14),
    ],
)
def test_exit_statuses_are_as_documented(made: Report, fail_on: Severity, status: int) -> None:
    assert exit_status(made, fail_on) == status


def test_a_missing_step_counts_as_not_looked_at() -> None:
    steps = (
        StepResult(step="environment", title="Environment set-up", completed=True),
        StepResult(step="auditlog", title="Audit log", completed=False, reason="killed"),
    )
    assert exit_status(report(PASSED, steps=steps), Severity.HIGH) == 10


def test_verdicts_about_waivers_alone_verify_nothing() -> None:
    about = finding("WVR-001", Status.PASS, step="waivers")
    assert exit_status(report(about, ERROR), Severity.HIGH) == 3


KNOWN_LOW = finding("ENV-005", severity=Severity.LOW, baseline=Baseline.UNCHANGED)
KNOWN_HIGH = finding("ENV-006", severity=Severity.HIGH, baseline=Baseline.UNCHANGED)


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (report(PASSED, KNOWN_HIGH), 0),
        (report(PASSED, KNOWN_HIGH, finding(severity=Severity.HIGH)), 13),  # without a run before
        (report(PASSED, finding(severity=Severity.HIGH, baseline=Baseline.NEW)), 13),
        (report(PASSED, finding(severity=Severity.HIGH, baseline=Baseline.REGRESSED)), 13),
        (
            report(
                PASSED, KNOWN_HIGH, finding("ENV-003", Status.ERROR, baseline=Baseline.UNCHANGED)
            ),
            0,
        ),
        (report(PASSED, KNOWN_HIGH, finding("ENV-003", Status.ERROR, baseline=Baseline.NEW)), 10),
    ],
)
def test_only_what_is_new_counts_where_that_is_asked_for(made: Report, status: int) -> None:
    assert exit_status(made, Severity.LOW, only_new=True) == status


def test_a_sign_of_a_live_compromise_counts_as_long_as_it_is_there() -> None:
    live = finding(
        "AUD-010", severity=Severity.CRITICAL, incident=True, baseline=Baseline.UNCHANGED
    )
    assert exit_status(report(PASSED, live), Severity.HIGH, only_new=True) == 14


def test_a_missing_step_is_never_old() -> None:
    steps = (StepResult(step="environment", title="x", completed=False, reason="killed"),)
    assert exit_status(report(PASSED, steps=steps), Severity.HIGH, only_new=True) == 10
