"""`runbook checks` and `runbook explain CHECK-ID`: the catalog."""

from __future__ import annotations

import click

from helpers.cli.format_option import report_format
from helpers.core import catalog
from helpers.core.catalog import CHECKLIST, Check

__all__ = ["checks", "explain"]


@click.command()
@click.option("--step", default="", help="Only the checks of one step.")
@report_format("text", "markdown", "json")
def checks(step: str, form: str) -> None:
    """List every check: id, severity and what it says when it passes."""
    found = catalog.load(_step(step)) if step else catalog.load()
    if form == "markdown":
        from helpers.report.checks_page import checks_page

        click.echo(checks_page(found), nl=False)
    elif form == "json":
        import json

        click.echo(json.dumps([_entry(check) for check in found], indent=2))
    else:
        for check in found:
            click.echo(f"{check.id}  {check.severity:<8}  {check.step:<11}  {check.title}")


@click.command()
@click.argument("check_id")
def explain(check_id: str) -> None:
    """Say why a check exists, what leads to each verdict, and what to do."""
    check = catalog.find(check_id)
    click.echo(f"{check.id}  {check.title}")
    click.echo(f"Where it fails: {check.fails}")
    click.echo(f"{check.severity}, {check.confidence} confidence, fix takes {check.effort}\n")
    click.echo(f"{check.rationale}\n")
    for status, when in check.verdicts.items():
        click.echo(f"{status:<15} {when}")
    click.echo("\nWhat to do:")
    for number, line in enumerate(check.remediation, 1):
        click.echo(f"  {number}. {line}")
    _background(check)


def _background(check: Check) -> None:
    if check.checklist:
        click.echo(f"\nChecklist: {CHECKLIST[check.checklist]}")
    if check.controls:
        click.echo(f"Controls: {', '.join(check.controls)}")
    for reference in check.references:
        click.echo(f"See {reference}")


def _step(name: str) -> str:
    from helpers.core.steps import step_named

    return name if name in {check.step for check in catalog.load()} else step_named(name).name


def _entry(check: Check) -> dict[str, object]:
    return {
        "id": check.id,
        "step": check.step,
        "title": check.title,
        "fails": check.fails,
        "severity": check.severity,
        "confidence": check.confidence,
        "effort": check.effort,
        "rationale": check.rationale,
        "verdicts": {str(status): when for status, when in check.verdicts.items()},
        "remediation": list(check.remediation),
        "controls": list(check.controls),
        "references": list(check.references),
        "checklist": check.checklist,
    }
