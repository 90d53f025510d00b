"""`runbook diff RUN RUN`: what changed from one finished run to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from helpers.cli.format_option import report_format
from helpers.core.model import Baseline, Status

if TYPE_CHECKING:
    from helpers.core.model import Finding, Report

__all__ = ["diff"]

_GROUPS: Final = (
    ("new", Baseline.NEW),
    ("regressed", Baseline.REGRESSED),
    ("unchanged", Baseline.UNCHANGED),
)


@click.command()
@click.argument("earlier")
@click.argument("later", default="latest")
@report_format("text", "json", "html", "sarif", "markdown")
def diff(earlier: str, later: str, form: str) -> None:
    """Compare two finished runs: failures that are new, unchanged and fixed.

    A run is a folder, the name of one under runs/, or `latest`, which LATER is by default.

    A failure counts as fixed only if its check ran again. A failure that was fixed earlier and came
    back is marked in each run's own report, which knows the whole history.
    """
    from helpers.core.errors import UsageError
    from helpers.report.folder import load_report, run_named
    from helpers.report.history import compare, findings_after

    first, second = run_named(earlier), run_named(later)
    before, after = load_report(first), load_report(second)
    if before.profile != after.profile:
        raise UsageError(
            f"{first.name} is a run of {before.profile}, {second.name} a run of {after.profile}.",
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
