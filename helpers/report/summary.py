"""What a report says at a glance: coverage, next steps, checklist, steps, compliance.

Plain data for every writer and for the notebooks: no markup here. Coverage comes before any pass
rate: it counts how much of the catalog was really judged. The verdict of a check is the most
important one among its findings: FAIL, then ERROR, MANUAL, PASS, NOT_APPLICABLE. Checks on waivers
are not counted, because they judge the runbook's own waiver file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from helpers.core.catalog import CHECKLIST
from helpers.core.model import Baseline, Effort, Finding, Report, Status
from helpers.report.controls import FRAMEWORKS, Framework

__all__ = [
    "Blocked",
    "CheckGroup",
    "ChecklistItem",
    "ControlRow",
    "CoverageSummary",
    "NextStep",
    "StepGroup",
    "blocked",
    "checklist",
    "compliance",
    "coverage",
    "failing_checks",
    "in_order",
    "is_changed",
    "next_steps",
    "step_groups",
    "verdict",
    "verdicts",
]

_WAIVED: Final = 3  # after everything that needs attention, before what passes
_PLACES: Final = {
    Status.FAIL: 0,
    Status.ERROR: 1,
    Status.MANUAL: 2,
    Status.PASS: 4,
    Status.NOT_APPLICABLE: 5,
}


_HISTORY_TITLE: Final = "Go through what happened before the first audit"


@dataclass(frozen=True)
class NextStep:
    """One thing to do: a check that needs attention, and its findings.

    What was before the first audit is one thing; `check` names all checks that found some.
    """

    check: str
    title: str
    status: Status
    findings: tuple[Finding, ...]
    remediation: tuple[str, ...]

    @property
    def worst(self) -> Finding:
        """The most urgent finding."""
        return self.findings[0]


@dataclass(frozen=True)
class CheckGroup:
    """A failing check with all its failures, the most urgent first."""

    check: str
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Finding:
        """The most urgent finding, whose title and severity stand for the check."""
        return self.findings[0]

    @property
    def is_new(self) -> bool:
        """True where a failure is new or has come back since the previous run."""
        return any(f.baseline in (Baseline.NEW, Baseline.REGRESSED) for f in self.findings)

    @property
    def remediation(self) -> tuple[str, ...]:
        """The lines of every fix, each once."""
        return tuple(dict.fromkeys(line for f in self.findings for line in f.remediation))


@dataclass(frozen=True)
class Blocked:
    """One cause, and all that it keeps from being judged."""

    cause: str
    status: Status
    findings: tuple[Finding, ...]

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that wait for it."""
        return tuple(sorted({f.check for f in self.findings}))


@dataclass(frozen=True)
class ChecklistItem:
    """An item of the checklist. `status` is None where no check of this run covers it."""

    key: str
    title: str
    status: Status | None
    findings: tuple[Finding, ...]

    @property
    def waived(self) -> bool:
        """True where every failure among them is waived."""
        failures = [f for f in self.findings if f.status is Status.FAIL]
        return bool(failures) and not any(f.failing for f in failures)


@dataclass(frozen=True)
class StepGroup:
    """A step with its findings, those that need attention first."""

    step: str
    title: str
    completed: bool
    reason: str
    findings: tuple[Finding, ...]

    def count(self, status: Status) -> int:
        """How many findings carry the status."""
        return sum(finding.status is status for finding in self.findings)

    @property
    def attention(self) -> int:
        """How many findings need attention."""
        return sum(_wants(finding) for finding in self.findings)


@dataclass(frozen=True)
class ControlRow:
    """A control and the verdicts of the checks that cover it, if any."""

    control: str
    name: str
    checks: tuple[tuple[str, Status], ...]

    @property
    def status(self) -> Status | None:
        """The most important verdict."""
        return verdict(status for _, status in self.checks) if self.checks else None


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that need attention first, by severity; then waived ones; then the rest."""
    return tuple(sorted(findings, key=_place))


def next_steps(findings: Sequence[Finding]) -> tuple[NextStep, ...]:
    """What to do, most urgent first.

    Failures by severity, then new and regressed ones, then the quickest to fix; then what could
    not be checked; then what needs a person; last, as one step, what was before the first audit.
    Waived findings are left out.
    """
    wanting = [f for f in findings if _wants(f) and not f.is_history]
    groups: dict[tuple[str, Status, tuple[str, ...]], list[Finding]] = {}
    for finding in sorted(wanting, key=_urgency):
        groups.setdefault((finding.check, finding.status, finding.remediation), []).append(finding)
    steps = (
        NextStep(check, found[0].heading, status, tuple(found), remediation)
        for (check, status, remediation), found in groups.items()
    )
    return (*steps, *_history_step(findings))


def _history_step(findings: Iterable[Finding]) -> Iterator[NextStep]:
    old = tuple(sorted((f for f in findings if _wants(f) and f.is_history), key=_urgency))
    if old:
        checks = ", ".join(dict.fromkeys(f.check for f in old))
        yield NextStep(checks, _HISTORY_TITLE, Status.MANUAL, old, old[0].remediation)


def is_changed(report: Report) -> bool:
    """Whether the run says anything that the run before did not; always, if there was none."""
    moved = (Baseline.NEW, Baseline.REGRESSED)
    return (
        report.compared_with is None
        or bool(report.fixed)
        or any(f.baseline in moved and _wants(f) for f in report.findings)
    )


def failing_checks(
    findings: Iterable[Finding], folded: Collection[str] = frozenset()
) -> tuple[CheckGroup, ...]:
    """The failing checks, most urgent first, without the findings that are told elsewhere."""
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=_urgency):
        if finding.failing and finding.fingerprint not in folded:
            groups.setdefault(finding.check, []).append(finding)
    return tuple(CheckGroup(check, tuple(found)) for check, found in groups.items())


def blocked(
    findings: Iterable[Finding], folded: Collection[str] = frozenset()
) -> tuple[Blocked, ...]:
    """What could not be judged, by cause: one refusal that blocks ten checks is one line.

    Findings with the same message have one cause; what is left is grouped by check.
    """
    waiting = [
        f
        for f in sorted(findings, key=_urgency)
        if _wants(f) and f.status is not Status.FAIL and f.fingerprint not in folded
    ]
    messages = Counter((f.status, f.message) for f in waiting)
    groups: dict[tuple[Status, str], list[Finding]] = {}
    for finding in waiting:
        shared = messages[finding.status, finding.message] > 1
        key = finding.message if shared else finding.check
        groups.setdefault((finding.status, key), []).append(finding)
    return tuple(
        Blocked(found[0].message, status, tuple(found)) for (status, _), found in groups.items()
    )


def checklist(report: Report) -> tuple[ChecklistItem, ...]:
    """The six items, each with the verdict of the checks that cover it."""
    return tuple(_item(report, key, title) for key, title in CHECKLIST.items())


def step_groups(report: Report) -> tuple[StepGroup, ...]:
    """The findings by step, in the order of the steps; findings of no step come last."""
    named = {step.step for step in report.steps}
    beside = sorted({f.step for f in report.findings} - named)
    groups = [
        StepGroup(s.step, s.title, s.completed, s.reason, _of(report, s.step)) for s in report.steps
    ]
    groups += [StepGroup(name, name.capitalize(), True, "", _of(report, name)) for name in beside]  # noqa: FBT003 (completed)
    return tuple(groups)


def compliance(report: Report) -> tuple[tuple[Framework, tuple[ControlRow, ...]], ...]:
    """Every control of every framework, with the checks of this run that cover it, if any."""
    reached = verdicts(report.findings)
    checks_of: dict[str, set[str]] = {}
    for finding in report.findings:
        for control in finding.controls:
            checks_of.setdefault(control, set()).add(finding.check)
    return tuple(
        (framework, tuple(_row(*named, checks_of, reached) for named in framework.ids()))
        for framework in FRAMEWORKS
    )


def _wants(finding: Finding) -> bool:
    return finding.waiver is None and finding.status in (Status.FAIL, Status.ERROR, Status.MANUAL)


def _urgency(finding: Finding) -> tuple[int, int, int, int, str, str]:
    return (
        _PLACES[finding.status],
        -finding.severity.rank,
        finding.baseline == "unchanged",
        list(Effort).index(finding.effort),
        finding.check,
        finding.resource.key,
    )


def _item(report: Report, key: str, title: str) -> ChecklistItem:
    bearing = tuple(f for f in report.findings if f.checklist == key)
    status = verdict(f.status for f in bearing) if bearing else None
    return ChecklistItem(key, title, status, bearing)


def _of(report: Report, step: str) -> tuple[Finding, ...]:
    return in_order(f for f in report.findings if f.step == step)


def _place(finding: Finding) -> tuple[int, int, str, str]:
    place = _WAIVED if finding.waiver else _PLACES[finding.status]
    return place, -finding.severity.rank, finding.check, finding.resource.key


def _row(
    control: str, name: str, checks_of: Mapping[str, set[str]], reached: Mapping[str, Status]
) -> ControlRow:
    checks = sorted(checks_of.get(control, ()))
    return ControlRow(control, name, tuple((check, reached[check]) for check in checks))


_ORDER: Final = (Status.FAIL, Status.ERROR, Status.MANUAL, Status.PASS, Status.NOT_APPLICABLE)


@dataclass(frozen=True)
class CoverageSummary:
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


def coverage(report: Report) -> CoverageSummary:
    """Count the checks of the report's steps by verdict."""
    steps = {step.step for step in report.steps}
    reached = list(verdicts(f for f in report.findings if f.step in steps).values())
    return CoverageSummary(
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
    """The most important one. Raises ValueError for no statuses."""
    return min(statuses, key=_ORDER.index)
