"""`runbook incident …`: what to do after something bad happened, until it is proven done."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from helpers.cli.groups import SuggestingGroup
from helpers.cli.subject_options import about_a_workspace
from helpers.core.exit_status import BLIND
from helpers.core.verdicts import Severity
from helpers.notebook.parameters import Choices

__all__ = ["incident"]


@click.group(cls=SuggestingGroup)
def incident() -> None:
    """Recover from an incident: what it reached, what to do in which order, and proof."""


@incident.command("supply-chain")
@about_a_workspace(effect=lambda given: bool(given["done"]))
@click.option("--done", default="", metavar="STEP", help="Sign for a step: a person has done it.")
@click.option("--by", default="", metavar="NAME", help="Who did it.")
@click.option("--out", default="", help="Write the report to this file. Default: standard output.")
def supply_chain(choices: Choices, done: str, by: str, out: str) -> int:
    r"""A known-bad release was installed: who may have run it, what it could read, what to do.

    Reads the lockfiles of every commit, the env files and CI files (names only), the ledger of
    rotations and Intercom's activity log. A step counts as done when the ledger proves it, or
    when a person signs for it with --done and --by.

    \b
    Exit status: 0 no bad release, or every step is done; 14 steps are open;
    10 no bad release was found, and something was not readable or needs a person; 2 usage.
    """
    from helpers.core.model import Status
    from helpers.notebook.context_factory import open_context
    from helpers.system.files import write_private
    from helpers.workflows.supply_chain import collect_supply_chain, recovery_report, sign

    with ExitStack() as closing:
        context = open_context("incident", choices, closing)
        if done:
            sign(context, done, by)
        found = collect_supply_chain(context)
        text = context.redactor.text(recovery_report(found))
    if out:
        write_private(Path(out), text)
        click.echo(f"Wrote {out}.")
    else:
        click.echo(text, nl=False)
    if found.releases:
        return BLIND + Severity.CRITICAL.rank if found.open_steps else 0
    undecided = any(one.status is Status.MANUAL for one in found.found.releases)
    return BLIND if found.found.unread or undecided else 0
