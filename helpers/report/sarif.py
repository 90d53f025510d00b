"""`report.sarif`: the report for code scanning, SARIF 2.1.0.

Every verdict is a result: `kind` says which, `suppressions` what is waived, `baselineState` what is
new, and `partialFingerprints` which finding it is. What was fixed is `absent`. A leaked secret
points to the lines where it was found, each with its commit. A finding about the workspace has no
line of code: it points to its check's entry in docs/CHECKS.md, and names the resource as a logical
location.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import quote

from helpers.core.model import Baseline, FilePlace, Finding, Report, Severity, Status, Subject
from helpers.core.redaction import sanitize
from helpers.report.phrases import subject_facts
from helpers.report.sarif_model import (
    LEVELS,
    SarifArtifactLocation,
    SarifAutomationDetails,
    SarifConfiguration,
    SarifDriver,
    SarifInvocation,
    SarifLocation,
    SarifLog,
    SarifLogicalLocation,
    SarifNotification,
    SarifPhysicalLocation,
    SarifRegion,
    SarifResult,
    SarifRule,
    SarifRun,
    SarifTool,
    SarifVersionControl,
    message,
    suppressions,
)

__all__ = ["CATALOG", "to_sarif"]

CATALOG: Final = "docs/CHECKS.md"
_ROOT: Final = "%SRCROOT%"
_NAMESPACE: Final = uuid.UUID("5f2b3c57-6d0e-5a0e-9b43-0d8f4b6a1c11")
_SCHEMES: Final = frozenset({"https", "http", "ssh", "git"})
_SCP: Final = re.compile(r"([\w.-]+):(?!//)(.+)")

_KINDS: Final[Mapping[Status, Literal["pass", "fail", "review", "open", "notApplicable"]]] = {
    Status.PASS: "pass",
    Status.FAIL: "fail",
    Status.MANUAL: "review",
    Status.ERROR: "open",
    Status.NOT_APPLICABLE: "notApplicable",
}
# The score by which GitHub code scanning sorts: over 9 critical, over 7 high, over 4 medium.
_SCORES: Final = {
    Severity.LOW: "3.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}
_STATES: Final[Mapping[Baseline, Literal["new", "unchanged", "updated"]]] = {
    Baseline.NEW: "new",
    Baseline.UNCHANGED: "unchanged",
    Baseline.FIXED: "updated",
    Baseline.REGRESSED: "new",
}


def to_sarif(report: Report, lines: Mapping[str, int] | None = None) -> str:
    """The report as SARIF. `lines` are the checks' lines in docs/CHECKS.md, from the catalog."""
    if lines is None:
        from helpers.report.checks_page import heading_lines

        lines = heading_lines()
    everything = (*report.findings, *report.fixed)
    first_of = {f.check: f for f in reversed(everything)}
    places = {check: index for index, check in enumerate(sorted(first_of))}
    run = SarifRun(
        tool=_tool(report, [first_of[check] for check in sorted(first_of)]),
        automation_details=SarifAutomationDetails(
            id=f"intercom-security-runbook/{sanitize(report.profile)}/",
            guid=_guid(report.profile, report.generated_at),
        ),
        baseline_guid=_baseline_guid(report),
        invocations=(_invocation(report),),
        version_control_provenance=_provenance(report.subject),
        results=(
            *(_result(f, places, lines) for f in report.findings),
            *(_result(f, places, lines, absent=True) for f in report.fixed),
        ),
        properties=_subject(report),
    )
    return SarifLog(runs=(run,)).text()


def _tool(report: Report, checks: Iterable[Finding]) -> SarifTool:
    return SarifTool(
        driver=SarifDriver(
            name="Intercom security runbook",
            semantic_version=report.tool_version,
            rules=tuple(_rule(finding) for finding in checks),
        )
    )


def _rule(finding: Finding) -> SarifRule:
    steps = (f"{number}. {line}" for number, line in enumerate(finding.remediation, 1))
    return SarifRule(
        id=finding.check,
        short_description=message(finding.heading),
        help=message(" ".join(steps) or finding.heading),
        default_configuration=SarifConfiguration(level=LEVELS[finding.severity]),
        properties={
            "tags": ["security", finding.step, *finding.controls],
            "security-severity": _SCORES[finding.severity],
        },
    )


def _result(
    finding: Finding, places: Mapping[str, int], lines: Mapping[str, int], *, absent: bool = False
) -> SarifResult:
    version, _, digest = finding.fingerprint.partition(":")
    state = "absent" if absent else _STATES[finding.baseline] if finding.baseline else None
    return SarifResult(
        rule_id=finding.check,
        rule_index=places[finding.check],
        kind=_KINDS[finding.status],
        level=LEVELS[finding.severity] if finding.status is Status.FAIL else "none",
        message=message(f"{finding.resource.label}: {finding.message}"),
        locations=_locations(finding, lines),
        partial_fingerprints={f"runbookFinding/{version}": digest},
        suppressions=suppressions(finding),
        baseline_state=state,
        properties=_properties(finding),
    )


def _locations(finding: Finding, lines: Mapping[str, int]) -> tuple[SarifLocation, ...]:
    """The files of its evidence; else the file it is about, or its check's catalog entry."""
    resource = finding.resource
    logical = SarifLogicalLocation(
        name=sanitize(resource.label),
        fully_qualified_name=sanitize(f"{resource.kind}/{resource.key}"),
        kind="resource",
    )
    places = [evidence.place for evidence in finding.evidence if evidence.place]
    if not places and resource.kind == "file":
        places = [FilePlace(path=resource.key)]
    if not places:
        places = [FilePlace(path=CATALOG, line=lines.get(finding.check, 1))]
    return tuple(_location(place, logical) for place in places)


def _location(place: FilePlace, logical: SarifLogicalLocation) -> SarifLocation:
    return SarifLocation(
        physical_location=SarifPhysicalLocation(
            artifact_location=_file(place.path),
            region=SarifRegion(start_line=place.line) if place.line else None,
        ),
        logical_locations=(logical,),
        properties={"commit": place.commit} if place.commit else None,
    )


def _file(path: str) -> SarifArtifactLocation:
    if path.startswith("/"):  # one of several repositories, named by its whole path
        return SarifArtifactLocation(uri=f"file://{quote(path)}")
    return SarifArtifactLocation(uri=quote(path), uri_base_id=_ROOT)


def _properties(finding: Finding) -> dict[str, Any]:
    said = {
        "status": finding.status,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "effort": finding.effort,
        "evidence": [sanitize(f"{e.what} {e.where}".strip()) for e in finding.evidence],
        "controls": list(finding.controls),
    }
    if finding.baseline:
        said["baseline"] = finding.baseline
    if finding.since:
        said["failingSince"] = finding.since.isoformat()
    return said


def _invocation(report: Report) -> SarifInvocation:
    missing = [
        SarifNotification(level="error", message=message(f"{s.title} is missing: {s.reason}"))
        for s in report.steps
        if not s.completed
    ]
    notes = [SarifNotification(level="note", message=message(note)) for note in report.notes]
    return SarifInvocation(
        execution_successful=not missing,
        end_time_utc=f"{report.generated_at:%Y-%m-%dT%H:%M:%S}Z",
        tool_execution_notifications=(*missing, *notes),
    )


def _provenance(subject: Subject | None) -> tuple[SarifVersionControl, ...] | None:
    """The audited revision; none where no address that SARIF can name is known."""
    code = subject.repository if subject else None
    uri = _repository_uri(code.remote) if code else ""
    if not code or not uri:
        return None
    return (
        SarifVersionControl(
            repository_uri=uri,
            revision_id=sanitize(code.commit) or None,
            branch=sanitize(code.branch) or None,
            mapped_to=SarifArtifactLocation(uri="", uri_base_id=_ROOT),
        ),
    )


def _repository_uri(remote: str) -> str:
    """The address as a URI; git's `host:path` means ssh."""
    scp = _SCP.fullmatch(remote)
    scheme, found, rest = (f"ssh://{scp[1]}/{scp[2]}" if scp else remote).partition("://")
    return f"{scheme}://{quote(rest, safe='/:~')}" if found and scheme in _SCHEMES else ""


def _subject(report: Report) -> dict[str, Any] | None:
    facts = {label: sanitize(value) for label, value in subject_facts(report)}
    return {"subject": facts} if facts else None


def _baseline_guid(report: Report) -> str | None:
    before = report.compared_with
    return _guid(report.profile, before) if before else None


def _guid(profile: str, moment: datetime) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{profile} {moment.isoformat()}"))
