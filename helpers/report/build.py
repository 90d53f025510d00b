"""Judge the snapshots of a run folder: the report that every writer takes.

    inputs = JudgingInputs(profile=…, generated_at=…, tool_version=tool_version(), policy=…)
    report = build_report(run, inputs, before=history.prior_findings(connection))

Each snapshot is judged as of the moment when it was taken, so that judging it again later gives the
same result. A step without a snapshot is judged as one that could read nothing: each of its checks
says ERROR and gives the reason. Nothing passes because it was not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from helpers.core import catalog
from helpers.core.commands import CommandTarget, complete
from helpers.core.judge import identity, judge
from helpers.core.model import (
    Finding,
    Report,
    Resource,
    Snapshot,
    Status,
    StepResult,
    Subject,
    Unavailable,
)
from helpers.core.policy import Policy
from helpers.core.steps import Step, step_named
from helpers.core.waivers import Waiver, apply_waivers
from helpers.report import history
from helpers.report.folder import load_inputs, load_report
from helpers.report.judging_inputs import JudgingInputs
from helpers.report.repository_policy import marked, not_failing

__all__ = ["SNAPSHOTS", "build_report", "read_snapshot", "rejudge", "tool_version"]

SNAPSHOTS: Final = "snapshots"
_NO_SNAPSHOT: Final = "The step ended without a result."
_UNREADABLE: Final = "The step's snapshot is incomplete, or another version wrote it."


def build_report(
    run: Path, inputs: JudgingInputs, before: history.PriorFindings | None = None
) -> Report:
    """The report of a run: judged, with waivers noted, and compared with the findings `before`."""
    steps: list[StepResult] = []
    findings: list[Finding] = []
    notes = list(inputs.notes)
    for step in map(step_named, inputs.steps):
        snapshot, reason = _snapshot(run, step, inputs)
        result = StepResult(step=step.name, title=step.title, completed=not reason, reason=reason)
        steps.append(result)
        checks, moment = catalog.load(step.name), snapshot.taken_at
        judged = judge(snapshot, checks, inputs.policy, moment)
        if inputs.usual_policy:
            usual = judge(snapshot, checks, inputs.usual_policy, moment)
            notes += not_failing(step.title, judged, usual)
            judged = marked(judged, usual)
        findings += [_unread(finding, reason) for finding in judged] if reason else judged
    report = Report(
        tool_version=inputs.tool_version,
        profile=inputs.profile,
        generated_at=inputs.generated_at,
        steps=tuple(steps),
        findings=tuple(_with_commands(f, inputs.target) for f in _with_waivers(findings, inputs)),
        notes=tuple(notes),
        subject=inputs.subject,
        fix_days=dict(inputs.policy.report.fix_days.items()),
    )
    return history.compare(report, before or history.PriorFindings())


def read_snapshot(run: Path, step: Step) -> Snapshot[Any]:
    """A step's saved snapshot. Raises OSError without one, ValidationError for a bad one."""
    content = (run / SNAPSHOTS / f"{step.name}.json").read_bytes()
    facts: Any = step.load("facts")
    return Snapshot[facts].model_validate_json(content)


def tool_version() -> str:
    """The version of the installed runbook."""
    return version("intercom-security-runbook")


def _snapshot(run: Path, step: Step, inputs: JudgingInputs) -> tuple[Snapshot[Any], str]:
    """The snapshot and an empty reason, or a snapshot without data and the reason."""
    try:
        return read_snapshot(run, step), ""
    except OSError:
        reason = inputs.reasons.get(step.name, _NO_SNAPSHOT)
    except ValidationError:
        reason = _UNREADABLE
    return _blank(step, reason, inputs), reason


def _blank(step: Step, reason: str, inputs: JudgingInputs) -> Snapshot[Any]:
    missing = Unavailable(reason=reason, call=f"collect {step.name}")
    facts = step.load("facts")
    blank = facts.model_construct(**dict.fromkeys(facts.model_fields, missing))
    return Snapshot.model_construct(
        step=step.name, profile=inputs.profile, taken_at=inputs.generated_at, facts=blank
    )


def _unread(finding: Finding, reason: str) -> Finding:
    """An ERROR in place of any other verdict: a check without data judges a step that never ran."""
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


def _with_commands(finding: Finding, target: CommandTarget) -> Finding:
    """The finding with every command as a person can paste it."""
    steps = tuple(complete(line, target) for line in finding.remediation)
    message = complete(finding.message, target)
    return finding.model_copy(update={"message": message, "remediation": steps})


def _with_waivers(findings: list[Finding], inputs: JudgingInputs) -> tuple[Finding, ...]:
    if not inputs.waivers:
        return tuple(findings)
    noted, facts = apply_waivers(
        findings, inputs.waivers, catalog.load(), inputs.policy.waivers, inputs.generated_at
    )
    snapshot = Snapshot(
        step="waivers", profile=inputs.profile, taken_at=inputs.generated_at, facts=facts
    )
    about = judge(snapshot, catalog.load("waivers"), inputs.policy, inputs.generated_at)
    return (*noted, *about)


def rejudge(
    run: Path,
    *,
    policy: Policy | None = None,
    waivers: Sequence[Waiver] | None = None,
    subject: Subject | None = None,
) -> Report:
    """The report of a run folder, judged again; None keeps the run's own policy or waivers.

    `subject` names other files where the policy or the waivers are others.

    The comparison with the previous run is the saved one, because history has moved on since.
    Raises UsageError where the folder is not a finished run.
    """
    inputs, saved = load_inputs(run), load_report(run)
    chosen = None if waivers is None else tuple(waivers)
    changes = {"policy": policy, "waivers": chosen, "subject": subject}
    kept = {name: value for name, value in changes.items() if value is not None}
    report = build_report(run, inputs.model_copy(update=kept))
    saved_findings = {finding.fingerprint: finding for finding in saved.findings}
    return report.model_copy(
        update={
            "findings": tuple(
                _with_baseline(finding, saved_findings.get(finding.fingerprint))
                for finding in report.findings
            ),
            "fixed": saved.fixed,
            "compared_with": saved.compared_with,
            "past": saved.past,
            "notes": saved.notes,
        }
    )


def _with_baseline(finding: Finding, saved: Finding | None) -> Finding:
    """With the saved baseline if the verdict is unchanged, otherwise without one."""
    if saved is None or saved.status is not finding.status:
        return finding
    return finding.model_copy(update={"baseline": saved.baseline, "since": saved.since})
