"""`runbook attest`: answer what no API reports, with your name, a date and an expiry."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from helpers.core.settings import Profile

__all__ = ["attest"]


@click.command()
@click.argument("question", default="")
@click.option("--profile", default="production", help=f"One of {', '.join(Profile)}.")
@click.option("--answer", type=click.Choice(["yes", "no"]), help="Default: asked for.")
@click.option("--by", default="", help="Who looked. Default: asked for.")
@click.option("--days", default=180, type=click.IntRange(1, 366), help="How long it holds.")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A screenshot, say; its SHA-256 is kept.",
)
def attest(
    question: str, *, profile: str, answer: str | None, by: str, days: int, evidence: Path | None
) -> None:
    """Answer a QUESTION that Intercom's API can't; without one, list the questions."""
    from helpers.access.attestations import QUESTIONS, read_attestations
    from helpers.access.attestations import attest as keep
    from helpers.core.errors import UsageError
    from helpers.core.settings import profile_named, state_home

    state = state_home(profile_named(profile))
    if not question:
        said = {a.question: f"{a.answer}, until {a.expires}" for a in read_attestations(state)}
        for key, text in QUESTIONS.items():
            click.echo(f"{key:<16} {text} {said.get(key, '(nobody answered)')}")
        return
    if question in QUESTIONS:
        click.echo(QUESTIONS[question])
        if not (answer and by) and not sys.stdin.isatty():
            raise UsageError("This is not a terminal.", "Give --answer and --by.")
        answer = answer or click.prompt("Answer", type=click.Choice(["yes", "no"]))
        by = by or click.prompt("Your name or address")
    today = datetime.now(UTC).date()
    kept = keep(state, question, answer=answer or "", by=by, on=today, days=days, evidence=evidence)
    click.echo(f"Kept: {kept.answer}, by {kept.by}, until {kept.expires}.")
