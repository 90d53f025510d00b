"""`runbook report RUN`: the report of a finished run, judged as then or by another policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers.cli.format_option import report_format
from helpers.core.exit_status import THRESHOLDS, Threshold
from helpers.core.model import Severity
from helpers.core.settings import Profile

if TYPE_CHECKING:
    from helpers.core.model import Report, Subject
    from helpers.report.judging_inputs import JudgingInputs

__all__ = ["report"]

_File = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("run")
@report_format("text", "json", "html", "sarif", "markdown", "github")
@click.option("--output", type=_File, default=None, help="Write to this file (0600).")
@click.option("--policy", type=_File, default=None, help="A policy instead of the run's.")
@click.option("--waivers", type=_File, default=None, help="Waivers instead of the run's.")
@click.option(
    "--fail-on",
    type=click.Choice(THRESHOLDS),
    default=None,
    help="The lowest severity that counts. Default: high; never on the sandbox.",
)
@click.option("--fail-on-new", is_flag=True, help="Only what the run before did not have counts.")
def report(  # noqa: PLR0917 (click passes each option as an argument)
    run: str,
    form: str,
    output: Path | None,
    policy: Path | None,
    waivers: Path | None,
    fail_on: str | None,
    *,
    fail_on_new: bool,
) -> int:
    """Judge a run's saved snapshots again, and show the report.

    RUN is a folder, the name of one under runs/, or `latest`. The format `github` is for
    $GITHUB_STEP_SUMMARY.

    Without --policy and --waivers the findings are those of the run, byte for byte. The exit status
    is that of `runbook audit`. Warns of files that differ from the run's manifest.
    """
    from helpers.core.exit_status import exit_status
    from helpers.core.policy_file import load_policy
    from helpers.core.waivers import load_waivers
    from helpers.report.build import rejudge
    from helpers.report.folder import load_inputs, manifest_problems, run_named

    folder = run_named(run)
    for problem in manifest_problems(folder):
        click.echo(f"Warning: {problem} since the run was finished.", err=True)
    inputs = load_inputs(folder)
    profile = inputs.profile
    found = rejudge(
        folder,
        policy=load_policy(_environment(inputs), policy) if policy else None,
        waivers=[one for one in load_waivers(waivers) if one.is_of(profile)] if waivers else None,
        subject=inputs.subject and _with_files(inputs.subject, policy, waivers),
    )
    _show(_text(found) if form == "text" else _written(found, form, folder), output)
    return exit_status(found, _threshold(fail_on, profile), only_new=fail_on_new)


def _environment(inputs: JudgingInputs) -> str:
    """The environment whose tables of a policy apply."""
    return (inputs.subject.environment if inputs.subject else "") or inputs.profile


def _with_files(subject: Subject, policy: Path | None, waivers: Path | None) -> Subject:
    from helpers.run.subject import hashed

    files = {"policy": hashed(policy), "waivers": hashed(waivers)}
    return subject.model_copy(update={name: file for name, file in files.items() if file})


def _show(content: str, output: Path | None) -> None:
    if output is None:
        click.echo(content, nl=False)
        return
    from helpers.system.files import write_private

    write_private(output, content)
    click.echo(f"Report: {output}")


def _written(found: Report, form: str, run: Path) -> str:
    from helpers.report.writers import render

    return render(found, form, run)


def _text(found: Report) -> str:
    from helpers.core.view import stack
    from helpers.report.views import checklist_view, coverage_view, findings_table, fixed_view

    findings = findings_table(found.findings)
    views = (coverage_view(found), checklist_view(found), findings, fixed_view(found))
    return stack(*views).text + "\n"


def _threshold(text: str | None, profile: str) -> Threshold:
    chosen = text or ("never" if profile == Profile.SANDBOX else "high")
    return "never" if chosen == "never" else Severity(chosen)
