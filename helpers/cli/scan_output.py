"""What `runbook scan` prints: a table for people, JSON and SARIF for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import click

from helpers.core.model import Finding, Severity, Status
from helpers.core.visible import visible

if TYPE_CHECKING:
    from helpers.exposure.scan_request import ScanRequest
    from helpers.exposure.scanning import ScanResult

__all__ = ["FORMS"]

_COLOURS: Final = {
    Severity.CRITICAL: "bright_red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
}


def _json(_: ScanRequest, result: ScanResult) -> str:
    """The leaks with all their places, what was searched, and the verdicts; ASCII."""
    document = {
        "leaks": [leak.model_dump(mode="json") for leak in result.leaks],
        "coverage": result.coverage.model_dump(mode="json"),
        "findings": [finding.model_dump(mode="json") for finding in result.report.findings],
    }
    return json.dumps(document, indent=2)


def _sarif(_: ScanRequest, result: ScanResult) -> str:
    from helpers.report.sarif import to_sarif

    return to_sarif(result.report)


def _table(request: ScanRequest, result: ScanResult) -> str:
    shown = [f for f in result.report.findings if f.status in (Status.FAIL, Status.MANUAL)]
    shown.sort(key=lambda f: (f.waiver is not None, f.status, -f.severity.rank, f.resource.key))
    lines = [line for finding in shown for line in _finding(finding)]
    secrets = sum(f.resource.kind == "secret" for f in shown)
    searched = result.coverage
    rules = "all" if request.all_rules else "Intercom's"
    ends = (
        f"{_lie_open(secrets)}. Searched with {rules} rules: {searched.objects} git objects, "
        f"{searched.files} files, {searched.repositories} repositories."
    )
    if searched.interrupted:
        ends += " Interrupted: the rest was not searched; what was is remembered."
    return "\n".join([*(line if "\x1b[" in line else visible(line) for line in lines), ends])


def _lie_open(secrets: int) -> str:
    return "1 secret lies open" if secrets == 1 else f"{secrets} secrets lie open"


def _finding(finding: Finding) -> Iterator[str]:
    word = str(finding.severity) if finding.status is Status.FAIL else "look yourself"
    waived = f", waived until {finding.waiver.expires}" if finding.waiver else ""
    colour = _COLOURS[finding.severity] if finding.status is Status.FAIL else "cyan"
    label = click.style(f"{word}{waived}", fg=colour, bold=True)
    yield f"{label}  {finding.check}  {visible(finding.resource.label)}"
    yield f"    {finding.message}"
    for evidence in finding.evidence:
        yield f"    - {evidence.where or '…'}  {evidence.what}"
    if finding.status is Status.FAIL and not finding.waiver:
        for number, step in enumerate(finding.remediation, 1):
            yield f"    {number}. {step}"
    yield ""


FORMS: Final[dict[str, Callable[[ScanRequest, ScanResult], str]]] = {
    "table": _table,
    "json": _json,
    "sarif": _sarif,
}
