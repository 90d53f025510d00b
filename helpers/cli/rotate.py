"""`runbook rotate …`: lead a person through the rotation of a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import click

from helpers.cli.groups import SuggestingGroup
from helpers.cli.subject_options import about_a_workspace
from helpers.notebook.parameters import Choices

if TYPE_CHECKING:
    from helpers.core.context import Context
    from helpers.rotation.guide import Guide
    from helpers.rotation.ledger import Ledger, LedgerEntry

__all__ = ["rotate"]

_KEYS: Final[Mapping[str, str]] = {
    "access-token": "INTERCOM_ACCESS_TOKEN",
    "read-token": "INTERCOM_READ_TOKEN",
    "write-token": "INTERCOM_WRITE_TOKEN",
    "client-secret": "INTERCOM_CLIENT_SECRET",
    "identity-secret": "INTERCOM_IDENTITY_SECRET",
}

_OPTIONS: Final = (
    click.option(
        "--mode",
        type=click.Choice(["overlap", "in-place"]),
        help="Only access tokens have both; the default is overlap.",
    ),
    click.option("--compromised", is_flag=True, help="The key is stolen: revoke it first."),
    click.option("--resume", is_flag=True, help="Continue the open rotation."),
    click.option("--abort", is_flag=True, help="Abort the open rotation before the swap."),
    click.option("--roll-back", is_flag=True, help="Put the old key back while it is alive."),
    click.option("--dry-run", is_flag=True, help="Run every check and change nothing."),
    click.option("--confirm", multiple=True, metavar="NAME", help="You confirm this yourself."),
    click.option("--allow-wider", is_flag=True, help="Accept a key with more scopes."),
    click.option("--stdin", is_flag=True, help="Read the new key from standard input."),
    click.option(
        "--delivery",
        type=click.Path(exists=True, dir_okay=False),
        help="A file with the raw body of a webhook.",
    ),
    click.option("--signature", default="", help="The X-Hub-Signature of that webhook."),
    click.option(
        "--try-receiver",
        default="",
        metavar="URL",
        help="Client secret, with --resume: test this webhook receiver instead of asking you.",
    ),
    click.option("--consent", is_flag=True, help="I may test this receiver on another machine."),
    click.option("--yes", is_flag=True, help="Start without asking."),
    click.option("--store", default="", help="env, keyring, aws:<id>, vault:<mount>/<path>."),
)


@click.group(cls=SuggestingGroup)
def rotate() -> None:
    r"""Replace a key so that a crash loses nothing and the old one is proven dead.

    The new key comes from a hidden prompt or standard input, never from an argument.

    \b
    Exit status: 0 the rotation has ended (or the dry run found no obstacle)
                 1 the store, the ledger or another operator prevents it
                 2 it can't start or continue as asked
                 3 it waits for a person, for consumers, or for Intercom
    """


def _with_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command all options of a rotation."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return about_a_workspace(effect=True)(function)


def _command(name: str, variable: str) -> click.Command:
    def call(**options: Any) -> int:
        return _rotate(variable, **options)

    call.__doc__ = f"Rotate {variable}. Without options: show the plan, ask, start."
    return click.command(name)(_with_options(call))


def _rotate(variable: str, *, choices: Choices, **options: Any) -> int:
    from helpers.cli.rotate_dialogue import run_rotation
    from helpers.notebook.confirmation import confirm_workspace
    from helpers.notebook.context_factory import open_context
    from helpers.rotation.guide import Guide

    with ExitStack() as closing:
        context = open_context("rotate", choices, closing)
        confirm_workspace(context)
        context.progress = click.echo
        if options["store"]:
            context.policy = _with_store(context.policy, options["store"])
        guide = Guide(context, variable)
        if options["try_receiver"]:
            return _try_receiver(context, guide, options)
        return run_rotation(guide, options)


def _try_receiver(context: Context, guide: Guide, options: dict[str, Any]) -> int:
    """Test a webhook receiver instead of asking a person to confirm what it does."""
    from helpers.cli.rotate_dialogue import report_status
    from helpers.core.errors import UsageError
    from helpers.workflows.receiver import resume_with_receiver

    if guide.variable != _KEYS["client-secret"] or not options["resume"]:
        raise UsageError(
            "--try-receiver needs an open rotation of the client secret.",
            "Use `runbook rotate client-secret --resume --try-receiver URL`.",
        )
    url, consent = options["try_receiver"], options["consent"]
    return report_status(guide, resume_with_receiver(context, guide, url, consent=consent))


def _with_store(policy: Any, store: str) -> Any:
    from helpers.core.policy import Policy

    values = policy.model_dump()
    values["rotation"]["store"] = store
    try:
        return Policy.model_validate(values)
    except ValueError:
        raise click.BadParameter(f"{store} is not a store.", param_hint="--store") from None


@rotate.command()
@about_a_workspace()
def status(choices: Choices) -> int:
    """Show every rotation of a profile: its state, and its history while it is open."""
    from helpers.notebook.context_factory import open_context
    from helpers.rotation.session import open_ledger

    with ExitStack() as closing:
        context = open_context("rotate", choices, closing)
        with open_ledger(context) as ledger:
            entries = ledger.entries()
            for entry in entries:
                _show_entry(entry, ledger)
    if not entries:
        click.echo(f"The ledger of {choices.profile} holds no rotation.")
    return 0


def _show_entry(entry: LedgerEntry, ledger: Ledger) -> None:
    click.echo(
        f"{entry.opened_at}  {entry.variable}  {entry.mode}  {entry.state}  "
        f"{entry.old_fingerprint} -> {entry.new_fingerprint or '?'}  by {entry.actor}"
    )
    for event in ledger.events(entry) if entry.open else ():
        click.echo(f"    {event.at}  {event.what}: {event.name}  by {event.actor}")
    if entry.reason:
        click.echo(f"    It needs a person: {entry.reason}")


@rotate.command()
@click.argument("key", type=click.Choice(list(_KEYS)))
@about_a_workspace()
@click.option("--out", default="", help="Write the report to this file. Default: standard output.")
def incident(key: str, choices: Choices, out: str) -> int:
    """Report on a compromised key: exposure, rotation, activity since (Markdown)."""
    from pathlib import Path

    from helpers.notebook.context_factory import open_context
    from helpers.system.files import write_private
    from helpers.workflows.incident import collect_incident, incident_report

    with ExitStack() as closing:
        context = open_context("rotate", choices, closing)
        found = collect_incident(context, _KEYS[key])
        text = context.redactor.text(incident_report(found))
    if out:
        write_private(Path(out), text)
        click.echo(f"Wrote {out}.")
    else:
        click.echo(text, nl=False)
    return 0


for _name, _variable in _KEYS.items():
    rotate.add_command(_command(_name, _variable))
