"""A battery's result as findings, one a case, for every writer and for the exit status."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from helpers.core.judge import identity
from helpers.core.model import (
    Confidence,
    Effort,
    Evidence,
    Finding,
    Report,
    Resource,
    Status,
    StepResult,
)
from helpers.webhooks.cases import case_named
from helpers.webhooks.records import BatteryResult, CaseResult, Outcome

__all__ = ["check_id", "findings_of", "report_of"]

_STATUS: Final = {
    Outcome.PASS: Status.PASS,
    Outcome.NOTE: Status.MANUAL,
    Outcome.FAIL: Status.FAIL,
    Outcome.INCONCLUSIVE: Status.ERROR,
    Outcome.SKIPPED: Status.NOT_APPLICABLE,
}


def report_of(
    result: BatteryResult, *, profile: str, generated_at: datetime, tool_version: str
) -> Report:
    """A report that holds this run alone."""
    return Report(
        tool_version=tool_version,
        profile=profile,
        generated_at=generated_at,
        steps=(StepResult(step="webhooks", title="Webhook verification", completed=True),),
        findings=tuple(findings_of(result)),
        notes=result.notes,
    )


def findings_of(result: BatteryResult) -> list[Finding]:
    """A finding a case, in the order of the cases."""
    return [_finding(result, case) for case in result.cases]


def check_id(case_id: str) -> str:
    """The id under which a case stands among checks."""
    return f"WHK-{case_id}"


def _finding(result: BatteryResult, case: CaseResult) -> Finding:
    resource = Resource(kind="webhook receiver", key=result.receiver)
    return Finding(
        check=check_id(case.id),
        title=case.title,
        step="webhooks",
        status=_STATUS[case.outcome],
        severity=case.severity,
        confidence=Confidence.HIGH,
        effort=Effort.HOURS,
        resource=resource,
        message=_message(case),
        evidence=tuple(_evidence(case)),
        remediation=case.fix,
        references=case_named(case.id).references,
        fingerprint=identity(check_id(case.id), resource),
    )


def _message(case: CaseResult) -> str:
    return f"{case.sent} Seen: {case.observed}. {case.consequence}".strip()


def _evidence(case: CaseResult) -> list[Evidence]:
    told = [v for v in case.variants if v.outcome in {Outcome.FAIL, Outcome.NOTE}]
    return [Evidence(what=f"{v.name}: {v.observed}", where=v.curl) for v in told]
