"""Judge the snapshots of a run folder: the report that every writer takes.

    terms = Terms(profile=…, generated_at=…, tool_version=tool_version(), policy=…, waivers=…)
    report = build_report(run, terms, before=history.past(connection))

Each snapshot is judged as of the moment when it was taken, so that any later judgement is the
same. A step without a snapshot is judged as one that could read nothing: each of its checks says
ERROR and gives the reason, and nothing passes for want of a look.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from helpers.core import catalog
from helpers.core.judge import identity, judge
from helpers.core.model import (
    Finding,
    Report,
    Resource,
    Snapshot,
    Status,
    StepResult,
    Unavailable,
)
from helpers.core.steps import Step, step_named
from helpers.core.waivers import apply_waivers
from helpers.report import history
from helpers.report.terms import Terms

__all__ = ["SNAPSHOTS", "build_report", "read_snapshot", "tool_version"]

SNAPSHOTS: Final = "snapshots"
_NO_SNAPSHOT: Final = "The step ended without a result."
_UNREADABLE: Final = "The step's snapshot is not whole, or was written by another version."


def build_report(run: Path, terms: Terms, before: history.Past | None = None) -> Report:
    """The report of a run: judged, waivers noted, and compared with what was `before`."""
    steps: list[StepResult] = []
    findings: list[Finding] = []
    for step in map(step_named, terms.steps):
        snapshot, reason = _snapshot(run, step, terms)
        result = StepResult(step=step.name, title=step.title, completed=not reason, reason=reason)
        steps.append(result)
        judged = judge(snapshot, catalog.load(step.name), terms.policy, snapshot.taken_at)
        findings += [_unread(finding, reason) for finding in judged] if reason else judged
    report = Report(
        tool_version=terms.tool_version,
        profile=terms.profile,
        generated_at=terms.generated_at,
        steps=tuple(steps),
        findings=_with_waivers(findings, terms),
        notes=terms.notes,
    )
    return history.compare(report, before or history.Past())


def read_snapshot(run: Path, step: Step) -> Snapshot[Any]:
    """A step's saved snapshot. Raises OSError without one, ValidationError for a bad one."""
    content = (run / SNAPSHOTS / f"{step.name}.json").read_bytes()
    facts: Any = step.load("facts")
    return Snapshot[facts].model_validate_json(content)


def tool_version() -> str:
    """The version of the installed runbook."""
    return version("intercom-security-runbook")


def _snapshot(run: Path, step: Step, terms: Terms) -> tuple[Snapshot[Any], str]:
    """The snapshot and an empty reason, or one without any datum and why."""
    try:
        return read_snapshot(run, step), ""
    except OSError:
        reason = terms.reasons.get(step.name, _NO_SNAPSHOT)
    except ValidationError:
        reason = _UNREADABLE
    return _blank(step, reason, terms), reason


def _blank(step: Step, reason: str, terms: Terms) -> Snapshot[Any]:
    missing = Unavailable(reason=reason, call=f"collect {step.name}")
    facts = step.load("facts")
    blank = facts.model_construct(**dict.fromkeys(facts.model_fields, missing))
    return Snapshot.model_construct(
        step=step.name, profile=terms.profile, taken_at=terms.generated_at, facts=blank
    )


def _unread(finding: Finding, reason: str) -> Finding:
    """A check that asks for no data would still say something of a step that never ran."""
    if finding.status is Status.ERROR:
        return finding
    resource = Resource(kind="check", key=finding.check)
    update = {
        "status": Status.ERROR,
        "resource": resource,
        "message": reason,
        "evidence": (),
        "fingerprint": identity(finding.check, resource),
    }
    return finding.model_copy(update=update)


def _with_waivers(findings: list[Finding], terms: Terms) -> tuple[Finding, ...]:
    if not terms.waivers:
        return tuple(findings)
    known = {check.id for check in catalog.load()}
    noted, facts = apply_waivers(findings, terms.waivers, known, terms.generated_at)
    snapshot = Snapshot(
        step="waivers", profile=terms.profile, taken_at=terms.generated_at, facts=facts
    )
    about = judge(snapshot, catalog.load("waivers"), terms.policy, terms.generated_at)
    return (*noted, *about)
