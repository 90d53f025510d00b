"""`runbook rotate …`: lead a person through the rotation of a key."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from helpers.cli.rotate_options import KEYS, env_file_option, options_of_rotation, profile_option

if TYPE_CHECKING:
    from helpers.core.context import Context
    from helpers.rotation.guide import Guide
    from helpers.rotation.ledger import Entry, Ledger

__all__ = ["rotate"]


@click.group()
def rotate() -> None:
    r"""Replace a key so that a crash loses nothing and the old one is proven dead.

    The new key comes from a hidden prompt or standard input, never from an argument.

    \b
    Exit status: 0 it has come to an end (or the dry run found nothing in the way)
                 1 the store, the ledger or another operator stands in the way
                 2 it can't begin or go on as asked
                 3 it waits: for a person, for consumers, or for Intercom
    """


def _command(name: str, variable: str) -> click.Command:
    def call(**options: Any) -> int:
        return _rotate(variable, **options)

    call.__doc__ = f"Rotate {variable}. Without options: plan, confirm, begin."
    return click.command(name)(options_of_rotation(call))


def _rotate(variable: str, *, profile: str, **options: Any) -> int:
    from helpers.cli.rotate_dialogue import carry_out
    from helpers.notebook.context_factory import open_context
    from helpers.notebook.parameters import Choices
    from helpers.rotation.guide import Guide

    choices = Choices(profile, options["env_file"], options["repo"], options["policy"])
    with ExitStack() as closing:
        context = open_context("rotate", choices, closing)
        context.progress = click.echo
        if options["store"]:
            context.policy = _with_store(context.policy, options["store"])
        guide = Guide(context, variable)
        if options["try_receiver"]:
            return _show(context, guide, options)
        return carry_out(guide, options)


def _show(context: Context, guide: Guide, options: dict[str, Any]) -> int:
    """Let a receiver of webhooks show what a person would vouch for."""
    from helpers.cli.rotate_dialogue import tell
    from helpers.core.errors import UsageError
    from helpers.workflows.receiver import go_on

    if guide.variable != KEYS["client-secret"] or not options["resume"]:
        raise UsageError(
            "A receiver can show something in an open rotation of the client secret alone.",
            "Use: runbook rotate client-secret --resume --try-receiver URL.",
        )
    consent = options["consent"]
    return tell(guide, go_on(context, guide, options["try_receiver"], consent=consent))


def _with_store(policy: Any, store: str) -> Any:
    from helpers.core.policy import Policy

    told = policy.model_dump()
    told["rotation"]["store"] = store
    try:
        return Policy.model_validate(told)
    except ValueError:
        raise click.BadParameter(f"{store} is no store.", param_hint="--store") from None


@rotate.command()
@profile_option
def status(profile: str) -> int:
    """Every rotation of a profile: where it stands, and its history if it is open."""
    from helpers.notebook.context_factory import open_context
    from helpers.notebook.parameters import Choices
    from helpers.rotation.workshop import ledger_of

    with ExitStack() as closing:
        context = open_context("rotate", Choices(profile), closing)
        with ledger_of(context) as ledger:
            entries = ledger.entries()
            for entry in entries:
                _tell(entry, ledger)
    if not entries:
        click.echo(f"The ledger of {profile} holds no rotation.")
    return 0


def _tell(entry: Entry, ledger: Ledger) -> None:
    click.echo(
        f"{entry.opened_at}  {entry.variable}  {entry.mode}  {entry.state}  "
        f"{entry.old_fingerprint} -> {entry.new_fingerprint or '?'}  by {entry.actor}"
    )
    for event in ledger.events(entry) if entry.open else ():
        click.echo(f"    {event.at}  {event.what}: {event.name}  by {event.actor}")
    if entry.reason:
        click.echo(f"    It needs a person: {entry.reason}")


@rotate.command()
@click.argument("key", type=click.Choice(list(KEYS)))
@profile_option
@env_file_option
@click.option("--repo", default="", help="The repository in which the key may have been exposed.")
@click.option("--out", default="", help="Write it there. Default: to standard output.")
def incident(key: str, profile: str, env_file: str, repo: str, out: str) -> int:
    """The report on a compromised key: exposure, rotation, activity since (Markdown)."""
    from pathlib import Path

    from helpers.notebook.context_factory import open_context
    from helpers.notebook.parameters import Choices
    from helpers.system.files import write_private
    from helpers.workflows.incident import gather, write_up

    with ExitStack() as closing:
        context = open_context("rotate", Choices(profile, env_file, repo), closing)
        text = context.redactor.text(write_up(gather(context, KEYS[key])))
    if out:
        write_private(Path(out), text)
        click.echo(f"Wrote {out}.")
    else:
        click.echo(text, nl=False)
    return 0


for _name, _variable in KEYS.items():
    rotate.add_command(_command(_name, _variable))
