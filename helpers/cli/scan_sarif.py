"""SARIF 2.1.0 of a scan: one rule for each kind of secret, one result for each secret.

A result points only to files that are in the repository; a secret in a commit message or in an
object that no path leads to has no location. What was not searched is a notification of the
invocation. Each repository is a base (`originalUriBaseIds`) with its revision
(`versionControlProvenance`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from helpers.core.errors import CollectionError
from helpers.core.model import Finding, Severity, Status
from helpers.core.redaction import sanitize
from helpers.exposure.records import PlaceKind
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
from helpers.system.git import GitRepository, find_repository

if TYPE_CHECKING:
    from helpers.exposure.records import LeakedSecret, Place
    from helpers.exposure.scan import JudgedScan

__all__ = ["to_scan_sarif"]

_FILES: Final = frozenset(
    {
        PlaceKind.HISTORY,
        PlaceKind.INDEX,
        PlaceKind.TRACKED,
        PlaceKind.UNTRACKED,
        PlaceKind.IGNORED,
    }
)
_WEB: Final = frozenset({"http", "https"})
_SCORES: Final = {
    Severity.LOW: "3.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}


def to_scan_sarif(paths: Sequence[Path], result: JudgedScan) -> str:
    """Return the failing secrets of a scan of these paths, in ASCII."""
    bases = _bases(paths)
    leaks = {leak.fingerprint: leak for leak in result.leaks}
    found = [
        (finding, leaks[finding.resource.key])
        for finding in result.report.findings
        if finding.status is Status.FAIL and finding.resource.key in leaks
    ]
    kinds = sorted({leak.kind for _, leak in found})
    worst = {leak.kind: finding for finding, leak in sorted(found, key=_rank)}
    titles = {leak.kind: leak.title for _, leak in found}
    run = SarifRun(
        tool=SarifTool(
            driver=SarifDriver(
                name="Intercom security runbook",
                semantic_version=result.report.tool_version,
                rules=tuple(_rule(kind, titles[kind], worst[kind]) for kind in kinds),
            )
        ),
        automation_details=SarifAutomationDetails(
            id="intercom-security-runbook/scan/", guid=_guid(result)
        ),
        invocations=(_invocation(result),),
        original_uri_base_ids={
            base: SarifArtifactLocation(uri=_folder_uri(path)) for base, path in bases.values()
        },
        version_control_provenance=tuple(
            one for base, path in bases.values() if (one := _provenance(base, path))
        ),
        results=tuple(_result(*pair, kinds.index(pair[1].kind), bases) for pair in found),
    )
    return SarifLog(runs=(run,)).text()


def _rank(pair: tuple[Finding, LeakedSecret]) -> int:
    return pair[0].severity.rank


def _bases(paths: Sequence[Path]) -> dict[str, tuple[str, Path]]:
    """Return base id and folder by what begins the names of a path's repositories."""
    if len(paths) == 1:
        return {"": ("%SRCROOT%", paths[0])}
    return {str(path): (f"REPOSITORY{n}", path) for n, path in enumerate(paths, 1)}


def _folder_uri(path: Path) -> str:
    return f"file://{quote(str(_top(path)))}/"


def _top(path: Path) -> Path:
    repository = _repository(path)
    return (repository and repository.folders.tree) or path.resolve()


def _repository(path: Path) -> GitRepository | None:
    try:
        return find_repository(path)
    except CollectionError:
        return None


def _provenance(base: str, path: Path) -> SarifVersionControl | None:
    """Return the checked-out revision. A repository without a remote is named by its folder."""
    repository = _repository(path)
    if repository is None:
        return None
    try:
        revision = repository.output("rev-parse", "-q", "--verify", "HEAD^{commit}")
    except CollectionError:
        return None
    return SarifVersionControl(
        repository_uri=_web_address(repository.remote()) or _folder_uri(path),
        revision_id=revision.decode().strip(),
        mapped_to=SarifArtifactLocation(uri="", uri_base_id=base),
    )


def _web_address(remote: str) -> str:
    """The remote's address as a URI; other forms than http and https name no web page."""
    scheme, _, rest = remote.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}{slash}{quote(path)}" if host and scheme in _WEB else ""


def _rule(kind: str, title: str, worst: Finding) -> SarifRule:
    steps = " ".join(f"{number}. {step}" for number, step in enumerate(worst.remediation, 1))
    return SarifRule(
        id=sanitize(kind),
        short_description=message(f"Exposed secret: {title}"),
        help=message(steps or worst.title),
        default_configuration=SarifConfiguration(level=LEVELS[worst.severity]),
        properties={
            "tags": ["security", worst.step, worst.check, *worst.controls],
            "security-severity": _SCORES[worst.severity],
        },
    )


def _result(
    finding: Finding, leak: LeakedSecret, index: int, bases: Mapping[str, tuple[str, Path]]
) -> SarifResult:
    version, _, digest = finding.fingerprint.partition(":")
    return SarifResult(
        rule_id=sanitize(leak.kind),
        rule_index=index,
        kind="fail",
        level=LEVELS[finding.severity],
        message=message(f"{finding.resource.label}: {finding.message}"),
        locations=tuple(_locations(leak, bases)),
        partial_fingerprints={
            f"runbookFinding/{version}": digest,
            "runbookSecret/v1": leak.fingerprint,
        },
        suppressions=suppressions(finding),
        properties={"check": finding.check, "severity": finding.severity},
    )


def _locations(
    leak: LeakedSecret, bases: Mapping[str, tuple[str, Path]]
) -> Iterable[SarifLocation]:
    logical = SarifLogicalLocation(
        name=sanitize(f"{leak.title} {leak.fingerprint}"),
        fully_qualified_name=f"secret/{leak.fingerprint}",
        kind="resource",
    )
    for place in leak.places:
        if place.kind in _FILES and place.path:
            yield _location(place, logical, bases)


def _location(
    place: Place, logical: SarifLogicalLocation, bases: Mapping[str, tuple[str, Path]]
) -> SarifLocation:
    begin = next((b for b in bases if b and f"{place.repository}/".startswith(f"{b}/")), "")
    inside = place.repository[len(begin) :].strip("/")
    path = f"{inside}/{place.path}" if inside else place.path
    line = place.head_line if place.at_head else place.line
    if place.inner:  # a line of a cell or of a member is not one of the file
        line = 0
    named = bool(place.commit) and not (place.at_head and place.head_line != place.line)
    return SarifLocation(
        physical_location=SarifPhysicalLocation(
            artifact_location=SarifArtifactLocation(uri=quote(path), uri_base_id=bases[begin][0]),
            region=SarifRegion(start_line=line) if line else None,
        ),
        logical_locations=(logical,),
        properties={"commit": place.commit} if named else None,
    )


def _invocation(result: JudgedScan) -> SarifInvocation:
    missed = [
        SarifNotification(level="warning", message=message(f"{m.where}: {m.reason}"))
        for m in result.coverage.missed
    ]
    missed += [
        SarifNotification(level="note", message=message(f"{m.where}: {m.reason}"))
        for m in result.coverage.elsewhere
    ]
    return SarifInvocation(
        execution_successful=not result.coverage.interrupted,
        end_time_utc=f"{result.report.generated_at:%Y-%m-%dT%H:%M:%S}Z",
        tool_execution_notifications=tuple(missed),
    )


def _guid(result: JudgedScan) -> str:
    from uuid import NAMESPACE_URL, uuid5

    return str(uuid5(NAMESPACE_URL, f"scan {result.report.generated_at.isoformat()}"))
