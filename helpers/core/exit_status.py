"""The exit status of a run, from its report: the same for every command and format.

    0       nothing fails at or above the threshold
    3       nothing could be collected or verified
    10      something could not be checked, and nothing fails at or above the threshold
    11..14  the worst unwaived failure at or above the threshold: low, medium, high, critical

1 (the tool failed) and 2 (usage or configuration) belong to the errors. With the threshold `never`
only 3 is left: verdicts are reported, and the caller goes on. `--fail-on-new` leaves out what the
run before had as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from helpers.core.verdicts import Severity, Status

if TYPE_CHECKING:
    from helpers.core.model import Finding, Report

__all__ = ["BLIND", "NOTHING_VERIFIED", "THRESHOLDS", "Threshold", "exit_status"]

Threshold = Severity | Literal["never"]
THRESHOLDS: Final = ("never", *(severity.value for severity in Severity))
NOTHING_VERIFIED: Final = 3
BLIND: Final = 10
_VERDICTS: Final = (Status.PASS, Status.FAIL, Status.NOT_APPLICABLE)


def exit_status(report: Report, fail_on: Threshold, *, only_new: bool = False) -> int:
    """The documented exit status. A missing step counts as something that was not checked.

    With `only_new` a finding that was there in the run before does not count, except a sign of a
    live compromise. Without a run before, every finding is new.
    """
    steps = {step.step for step in report.steps}
    if not any(f.status in _VERDICTS and f.step in steps for f in report.findings):
        return NOTHING_VERIFIED
    if fail_on == "never":
        return 0
    counted = [f for f in report.findings if not only_new or _is_new(f)]
    worst = max((f.severity.rank for f in counted if f.failing), default=0)
    if worst >= Severity(fail_on).rank:
        return BLIND + worst
    missing = any(not step.completed for step in report.steps)
    blind = missing or any(f.status is Status.ERROR and not f.waiver for f in counted)
    return BLIND if blind else 0


def _is_new(finding: Finding) -> bool:
    live = finding.incident and finding.severity is Severity.CRITICAL
    return live or finding.baseline != "unchanged"
