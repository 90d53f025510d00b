"""`runbook review`: a person signs for a period of Intercom's activity log."""

from __future__ import annotations

from contextlib import ExitStack

import click

from helpers.cli.subject_options import about_a_workspace
from helpers.notebook.parameters import Choices

__all__ = ["review"]


@click.command()
@about_a_workspace(effect=True)
@click.option("--reviewer", prompt="Your name", help="Who signs.")
@click.option("--note", default="", help="A note to store with the signature.")
@click.option("--yes", is_flag=True, help="Sign without confirmation.")
def review(
    choices: Choices,
    reviewer: str,
    note: str,
    yes: bool,  # noqa: FBT001 (a flag)
) -> None:
    """Show the answers, then record who reviewed them, when, and their digest."""
    from helpers.auditlog.collect import collect
    from helpers.auditlog.review import sign_off, signable
    from helpers.auditlog.views import answers, overview, takeover
    from helpers.notebook.confirmation import confirm_workspace
    from helpers.notebook.context_factory import open_context

    with ExitStack() as closing:
        context = open_context("auditlog", choices, closing)
        confirm_workspace(context)
        facts = collect(context)
        signable(facts)
        for view in (overview(facts), takeover(facts), answers(facts)):
            click.echo(view.text + "\n")
        yes or click.confirm("Have you read this, and followed up what stands out?", abort=True)
        anchor = sign_off(context, facts, reviewer, note=note)
    click.echo(f"Signed. Anchor: {anchor.seq}:{anchor.hash}")
