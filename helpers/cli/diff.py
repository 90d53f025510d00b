"""`runbook diff RUN RUN`: what changed from one finished run to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from helpers.core.model import Baseline, Status

if TYPE_CHECKING:
    from helpers.core.model import Finding, Report

__all__ = ["diff"]

_Run = click.Path(path_type=Path, file_okay=False)
_GROUPS: Final = (
    ("new", Baseline.NEW),
    ("regressed", Baseline.REGRESSED),
    ("unchanged", Baseline.UNCHANGED),
)


@click.command()
@click.argument("earlier", type=_Run)
@click.argument("later", type=_Run)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "html", "sarif", "markdown")),
    default="text",
    show_default=True,
)
def diff(earlier: Path, later: Path, form: str) -> None:
    """Compare two finished runs: failures that are new, unchanged and fixed.

    A failure counts as fixed only if its check ran again. A failure that was fixed earlier and came
    back is marked in each run's own report, which knows the whole history.
    """
    from helpers.core.errors import UsageError
    from helpers.report.folder import load_report
    from helpers.report.history import compare, findings_after

    before, after = load_report(earlier), load_report(later)
    if before.profile != after.profile:
        raise UsageError(
            f"{earlier.name} is a run of {before.profile}, {later.name} a run of {after.profile}.",
            "Compare two runs of the same profile.",
        )
    compared = compare(after, findings_after(before))
    if form == "text":
        _show(compared)
        return
    from helpers.report.writers import render

    click.echo(render(compared, form), nl=False)


def _show(compared: Report) -> None:
    from helpers.report.phrases import change_sentence

    click.echo(change_sentence(compared))
    failing = [f for f in compared.findings if f.status is Status.FAIL]
    for word, baseline in _GROUPS:
        for finding in failing:
            if finding.baseline is baseline:
                click.echo(_line(word, finding))
    for finding in compared.fixed:
        click.echo(_line("fixed", finding))


def _line(word: str, finding: Finding) -> str:
    from helpers.core.redaction import sanitize

    waived = ", waived" if finding.waiver else ""
    said = f"{finding.check}  {sanitize(finding.resource.label)}: {sanitize(finding.message)}"
    return f"{word:<10}  {finding.severity}{waived}  {said}"
