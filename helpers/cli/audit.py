"""`runbook audit`: every notebook, one report, one exit status."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from helpers.cli.subject_options import about_a_workspace
from helpers.core.commands import complete
from helpers.core.exit_status import THRESHOLDS, Threshold
from helpers.core.model import Severity
from helpers.core.settings import Profile
from helpers.core.steps import SHARED, STEPS
from helpers.intercom.called_hosts import CALLED
from helpers.notebook.parameters import Choices
from helpers.run.fork_server import fork_server, kernel_environ

if TYPE_CHECKING:
    from helpers.core.model import Subject
    from helpers.run.audit import AuditResult

__all__ = ["audit"]

_SHOWN = 3


@click.command()
@about_a_workspace(code=True, announce=False)
@click.option("--steps", default="", help=f"Some of: {','.join(step.name for step in STEPS)}.")
@click.option(
    "--fail-on",
    type=click.Choice(THRESHOLDS),
    default=None,
    help="The severity from which a failure counts. Default: high; on the sandbox: never.",
)
@click.option("--fail-on-new", is_flag=True, help="Only what the run before did not have counts.")
@click.option("--quiet", is_flag=True, help="Print nothing if nothing changed: for cron.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Notebooks run in parallel.",
)
@click.option("--keep", type=click.IntRange(0), default=0, help="Keep the last N runs. 0: all.")
@click.option("--wait", type=click.FloatRange(0), default=0, help="Seconds to wait for the lock.")
def audit(  # noqa: PLR0917 (click passes options so)
    choices: Choices,
    steps: str,
    fail_on: str | None,
    out: Path,
    jobs: int,
    keep: int,
    wait: float,
    *,
    fail_on_new: bool,
    quiet: bool,
) -> int:
    r"""Audit a workspace and a repository. Without options: the local demo.

    \b
    Exit status:
      0       nothing fails at or above the threshold
      1, 2    the tool failed; usage or configuration
      3       nothing could be collected or verified
      10      something could not be checked, and nothing fails
      11..14  the worst failure: low, medium, high, critical
      130     interrupted; the report says what is missing
    """
    signal.signal(signal.SIGTERM, _interrupt)
    environ = kernel_environ({}, secrets=False)  # it only imports
    with fork_server(environ, preload=SHARED) as forks:
        from helpers.cli.progress import watching  # imports run while the fork server does its own
        from helpers.run.audit import AuditRequest
        from helpers.run.audit import audit as run_audit

        request = AuditRequest(
            choices=choices,
            out=out.resolve(),
            steps=_steps(steps),
            fail_on=_threshold(fail_on, choices.profile),
            only_new=fail_on_new,
            jobs=jobs,
            keep=keep,
            wait=wait,
        )
        if quiet:
            CALLED.report = None
        with watching(quiet=quiet) as observer:
            result = run_audit(request, observer, forks, _silent if quiet else _announce)
    if not quiet or _has_news(result):
        if quiet and result.report.subject:
            _announce(result.report.subject)
        _summarise(result)
    return result.status


def _silent(_subject: Subject) -> None:
    """Announce nothing."""


def _has_news(result: AuditResult) -> bool:
    from helpers.report.summary import is_changed

    return bool(result.failed) or is_changed(result.report)


def _steps(text: str) -> tuple[str, ...]:
    named = tuple(name.strip() for name in text.split(",") if name.strip())
    return named or tuple(step.name for step in STEPS)


def _threshold(text: str | None, profile: str) -> Threshold:
    chosen = text or ("never" if profile == Profile.SANDBOX else "high")
    return "never" if chosen == "never" else Severity(chosen)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """End a run on SIGTERM as on Ctrl-C: finished steps are kept and reported."""
    raise KeyboardInterrupt


def _announce(subject: Subject) -> None:
    from helpers.core.redaction import sanitize
    from helpers.report.phrases import subject_line

    click.echo(f"Auditing {sanitize(subject_line(subject))}")


def _summarise(result: AuditResult) -> None:
    from helpers.core.redaction import sanitize
    from helpers.report.incident import incident_of
    from helpers.report.phrases import (
        MARKS,
        change_sentence,
        coverage_sentence,
        headline,
        verdict_sentence,
    )
    from helpers.report.summary import coverage, next_steps

    report = result.report
    click.echo(f"\n{headline(report)}\n{coverage_sentence(coverage(report))}")
    click.echo(verdict_sentence(report))
    click.echo(change_sentence(report))
    if incident := incident_of(report):
        click.echo(f"\nACT ON THIS FIRST: {sanitize(incident.sentence)}")
        click.echo(f"First step: {sanitize(incident.contain[0])}\n")
    for number, step in enumerate(next_steps(report.findings)[:_SHOWN], 1):
        seen = sanitize(f"{step.worst.resource.label}: {step.worst.message}")
        click.echo(f"{number}. {MARKS[step.status]} {step.title} ({step.check}): {seen}")
    for failed in result.failed:
        click.echo(f"Not finished: {failed.job.name}: {failed.error}", err=True)
    click.echo(f"\nReport: {result.folder / 'report.html'}")
    click.echo(complete(f"Exit status {result.status}; its meaning: `runbook audit --help`"))
