"""Exit statuses: the worst unwaived failure, else what could not be looked at."""

from __future__ import annotations

import pytest

from helpers.core.exit_status import exit_status
from helpers.core.model import Report, Severity, Status, StepResult, WaiverNote
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
