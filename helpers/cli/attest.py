"""`runbook attest`: answer what no API reports, with your name, a date and an expiry."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from helpers.access.attestations import ANSWERS, MOST_DAYS, PLACES, QUESTIONS, USUAL_DAYS
from helpers.cli.subject_options import about_a_workspace
from helpers.notebook.parameters import Choices

__all__ = ["attest"]


@click.command()
@click.argument("question", default="")
@about_a_workspace(effect=True, optional=lambda given: not given["question"])
@click.option("--answer", type=click.Choice(ANSWERS), help="Default: asked for.")
@click.option("--by", default="", help="Who looked. Default: asked for.")
@click.option(
    "--days", default=USUAL_DAYS, type=click.IntRange(1, MOST_DAYS), help="How long it holds."
)
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A screenshot, say; its SHA-256 is kept.",
)
def attest(
    question: str,
    *,
    choices: Choices,
    answer: str | None,
    by: str,
    days: int,
    evidence: Path | None,
) -> None:
    """Answer a QUESTION that Intercom's API can't; without one, list the questions."""
    from helpers.access.attestations import attest as keep
    from helpers.access.attestations import read_attestations, token_of
    from helpers.core.errors import UsageError
    from helpers.core.settings import state_home
    from helpers.core.workspaces import workspace_named
    from helpers.notebook.context_factory import settings_of

    state = state_home(workspace_named(choices.profile)) if choices.profile else None
    if not question or state is None:
        given = read_attestations(state) if state else ()
        said = {a.question: f"{a.answer}, until {a.expires}" for a in given}
        for key, text in QUESTIONS.items():
            click.echo(f"{key:<16} {text} {said.get(key, '(nobody answered)')}")
        return
    token = ""
    if question in QUESTIONS:
        token = token_of(question, settings_of(choices))
        click.echo(f"{QUESTIONS[question]}\nCheck it here: {PLACES[question]}.")
        if not (answer and by) and not sys.stdin.isatty():
            raise UsageError("This is not a terminal.", "Give --answer and --by.")
        answer = answer or click.prompt("Answer", type=click.Choice(ANSWERS))
        by = by or click.prompt("Your name or address")
    today = datetime.now(UTC).date()
    kept = keep(
        state,
        question,
        answer=answer or "",
        by=by,
        on=today,
        days=days,
        evidence=evidence,
        fingerprint=token,
    )
    click.echo(f"Kept: {kept.answer}, by {kept.by}, until {kept.expires}.")
