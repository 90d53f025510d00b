"""`runbook scopes`: what the tokens may do, what the code needs, and what to change."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers.cli.subject_options import about_a_workspace
from helpers.core.exit_status import NOTHING_VERIFIED
from helpers.notebook.parameters import Choices

if TYPE_CHECKING:
    from helpers.core.context import Context
    from helpers.scopes.records import ScopeFacts

__all__ = ["scopes"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@about_a_workspace(
    effect=lambda given: given["probe_writes"],
    optional=lambda given: given["listed"] or given["as_page"],
)
@click.option("--observed", multiple=True, type=_FILE, help="Count what a file shows as used.")
@click.option(
    "--probe-writes", is_flag=True, help="Also probe with writes to ids that don't exist."
)
@click.option("--section", is_flag=True, help="Print the policy section that fits the code.")
@click.option("--list", "listed", is_flag=True, help="List the scopes that there are.")
@click.option("--page", "as_page", is_flag=True, help="Print the catalog as Markdown.")
def scopes(
    choices: Choices,
    *,
    observed: tuple[Path, ...],
    probe_writes: bool,
    section: bool,
    listed: bool,
    as_page: bool,
) -> int:
    r"""Granted, used, allowed: the matrix, what to tick and untick, and the blast radius.

    \b
    Exit status: 0 shown, 2 a file or name is wrong, 3 the access token could not be probed.
    This shows and does not judge: `runbook audit` judges, and ends with 10 to 14.
    """
    if listed or as_page:
        return _catalog(as_page=as_page)
    from helpers.notebook.confirmation import confirm_workspace
    from helpers.notebook.context_factory import open_context

    with ExitStack() as closing:
        context = open_context("scopes", choices, closing)
        context.observed = _observable(observed)
        confirm_workspace(context)
        if probe_writes:
            _probe_writes(context)
        return _show(context, section=section)


def _catalog(*, as_page: bool) -> int:
    from helpers.intercom.scopes import catalog
    from helpers.scopes.documents import page

    if as_page:
        click.echo(page(), nl=False)
    else:
        for scope in catalog().values():
            click.echo(f"{scope.key:<40} {scope.risk:<9} {scope.box}")
    return 0


def _observable(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files, each tried first: one that shows nothing is refused before anything is asked."""
    from helpers.scopes.usage.observed import observe

    for path in files:
        observe(path)
    return files


def _probe_writes(context: Context) -> None:
    """The flag turns the act on for this run; every call is listed before the first is sent."""
    from helpers.core.model import Known, Unavailable
    from helpers.scopes.action import act
    from helpers.scopes.probes import WRITE_PROBES

    click.echo("Write probes, on the id 0, which does not exist:", err=True)
    for call in WRITE_PROBES:
        click.echo(f"  {call.name}", err=True)
    acts = context.policy.acts.model_copy(update={"write_probes": True})
    context.policy = context.policy.model_copy(update={"acts": acts})
    done = act(context)
    context.evidence = done if isinstance(done, Unavailable) else Known(done)


def _show(context: Context, *, section: bool) -> int:
    from helpers.core.model import Known
    from helpers.scopes import views
    from helpers.scopes.collect import collect
    from helpers.scopes.documents import section as section_of

    facts: ScopeFacts = collect(context)
    if section:
        uses = facts.uses.value if isinstance(facts.uses, Known) else ()
        click.echo(context.redactor.text(section_of(context.settings.profile, uses)), nl=False)
        return 0
    for title, view in (
        ("Granted and used", views.overview),
        ("To do", views.todo),
        ("Blast radius", views.blast_radius),
        ("After a removal, test", views.tests),
        ("Since last time", views.drift),
    ):
        click.echo(f"\n{title}\n")
        click.echo(context.redactor.text(view(facts).text))
    return 0 if isinstance(facts.access, Known) else NOTHING_VERIFIED
