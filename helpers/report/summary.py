"""What a report says at a glance: what to do next, the checklist, the steps, the compliance view.

Plain data for every writer and for the notebooks: nothing here is markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from helpers.core.catalog import CHECKLIST
from helpers.core.model import Effort, Finding, Report, Status
from helpers.report.controls import FRAMEWORKS, Framework
from helpers.report.coverage import verdict, verdicts

__all__ = [
    "ControlRow",
    "Item",
    "NextStep",
    "StepGroup",
    "checklist",
    "compliance",
    "in_order",
    "next_steps",
    "step_groups",
]


_WAIVED: Final = 3  # after all that asks for attention, before what is fine
_PLACES: Final = {
    Status.FAIL: 0,
    Status.ERROR: 1,
    Status.MANUAL: 2,
    Status.PASS: 4,
    Status.NOT_APPLICABLE: 5,
}


@dataclass(frozen=True)
class NextStep:
    """One thing to do: a check that asks for attention, and all that it asks it for."""

    check: str
    title: str
    status: Status
    findings: tuple[Finding, ...]
    remediation: tuple[str, ...]

    @property
    def worst(self) -> Finding:
        """The finding that makes it urgent."""
        return self.findings[0]


@dataclass(frozen=True)
class Item:
    """An item of the checklist. `status` is None where nothing in this run bears on it."""

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
    """A step with its findings, those that ask for attention first."""

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
        """How many findings ask for something."""
        return sum(_wants(finding) for finding in self.findings)


@dataclass(frozen=True)
class ControlRow:
    """A control and the verdicts of the checks that bear on it; none where no check does."""

    control: str
    name: str
    checks: tuple[tuple[str, Status], ...]

    @property
    def status(self) -> Status | None:
        """The verdict that matters most."""
        return verdict(status for _, status in self.checks) if self.checks else None


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What asks for attention first, the worst of it first; then waived, then fine."""
    return tuple(sorted(findings, key=_place))


def next_steps(findings: Iterable[Finding]) -> tuple[NextStep, ...]:
    """What to do, most urgent first.

    Failures by severity, then what has come back or is new, then what is mended soonest; then what
    could not be looked at; then what needs a person. Waived findings ask for nothing.
    """
    wanting = [f for f in findings if _wants(f)]
    groups: dict[tuple[str, Status, tuple[str, ...]], list[Finding]] = {}
    for finding in sorted(wanting, key=_urgency):
        groups.setdefault((finding.check, finding.status, finding.remediation), []).append(finding)
    steps = (
        NextStep(check, found[0].title, status, tuple(found), remediation)
        for (check, status, remediation), found in groups.items()
    )
    return tuple(steps)


def checklist(report: Report) -> tuple[Item, ...]:
    """The six items, each with the verdict of the checks that bear on it."""
    return tuple(_item(report, key, title) for key, title in CHECKLIST.items())


def step_groups(report: Report) -> tuple[StepGroup, ...]:
    """The findings by step, in the order of the steps; what stands beside the steps comes last."""
    named = {step.step for step in report.steps}
    beside = sorted({f.step for f in report.findings} - named)
    groups = [
        StepGroup(s.step, s.title, s.completed, s.reason, _of(report, s.step)) for s in report.steps
    ]
    groups += [StepGroup(name, name.capitalize(), True, "", _of(report, name)) for name in beside]  # noqa: FBT003 (completed)
    return tuple(groups)


def compliance(report: Report) -> tuple[tuple[Framework, tuple[ControlRow, ...]], ...]:
    """Every control of every framework, with the checks of this run that bear on it, or none."""
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
    kinds = (Status.FAIL, Status.ERROR, Status.MANUAL)
    return (
        kinds.index(finding.status),
        -finding.severity.rank,
        finding.baseline == "unchanged",
        list(Effort).index(finding.effort),
        finding.check,
        finding.resource.key,
    )


def _item(report: Report, key: str, title: str) -> Item:
    bearing = tuple(f for f in report.findings if f.checklist == key)
    status = verdict(f.status for f in bearing) if bearing else None
    return Item(key, title, status, bearing)


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
