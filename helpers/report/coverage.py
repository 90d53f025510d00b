"""How much of the catalog was really judged: the headline, before any rate of passes.

The verdict of a check is the one that matters most among its findings: FAIL, then ERROR, MANUAL,
PASS, NOT_APPLICABLE. Checks on waivers are not counted: they look at the runbook's own papers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from helpers.core.model import Finding, Report, Status

__all__ = ["Coverage", "coverage", "verdict", "verdicts"]

_ORDER: Final = (Status.FAIL, Status.ERROR, Status.MANUAL, Status.PASS, Status.NOT_APPLICABLE)


@dataclass(frozen=True)
class Coverage:
    """Numbers of checks."""

    passing: int
    failing: int
    need_a_person: int
    could_not_look: int
    not_applicable: int

    @property
    def judged(self) -> int:
        """Checks that reached a verdict: passing or failing."""
        return self.passing + self.failing

    @property
    def total(self) -> int:
        """All checks of the run."""
        return self.judged + self.need_a_person + self.could_not_look + self.not_applicable

    @property
    def headline(self) -> str:
        """`18 judged, 4 need a person, 2 could not look`."""
        needs = "needs" if self.need_a_person == 1 else "need"
        parts = [
            f"{self.judged} judged",
            f"{self.need_a_person} {needs} a person",
            f"{self.could_not_look} could not look",
        ]
        if self.not_applicable:
            parts.append(f"{self.not_applicable} not applicable")
        return ", ".join(parts)


def coverage(report: Report) -> Coverage:
    """Count the checks of the report's steps by verdict."""
    steps = {step.step for step in report.steps}
    reached = list(verdicts(f for f in report.findings if f.step in steps).values())
    return Coverage(
        passing=reached.count(Status.PASS),
        failing=reached.count(Status.FAIL),
        need_a_person=reached.count(Status.MANUAL),
        could_not_look=reached.count(Status.ERROR),
        not_applicable=reached.count(Status.NOT_APPLICABLE),
    )


def verdicts(findings: Iterable[Finding]) -> Mapping[str, Status]:
    """The verdict of each check, by id in order."""
    statuses: dict[str, list[Status]] = {}
    for finding in findings:
        statuses.setdefault(finding.check, []).append(finding.status)
    return {check: verdict(found) for check, found in sorted(statuses.items())}


def verdict(statuses: Iterable[Status]) -> Status:
    """The one that matters most. Raises ValueError where there is none."""
    return min(statuses, key=_ORDER.index)
