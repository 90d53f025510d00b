"""`runbook rotate …`: lead a person through the rotation of a key."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from helpers.exit_status import NOTHING_VERIFIED
from helpers.settings import Profile

if TYPE_CHECKING:
    from helpers.rotation.engine import Standing
    from helpers.rotation.guide import Guide
    from helpers.rotation.procedures import Delivery

__all__ = ["rotate"]

KEYS: Final = {
    "access-token": "INTERCOM_ACCESS_TOKEN",
    "read-token": "INTERCOM_READ_TOKEN",
    "write-token": "INTERCOM_WRITE_TOKEN",
    "client-secret": "INTERCOM_CLIENT_SECRET",
    "identity-secret": "INTERCOM_IDENTITY_SECRET",
}

_PROFILE = click.option("--profile", default="sandbox", help=f"{', '.join(Profile)}.")
_OPTIONS = (
    click.option("--mode", type=click.Choice(["overlap", "in-place"]), help="Default: overlap."),
    click.option("--compromised", is_flag=True, help="The key is stolen: revoke it first."),
    click.option("--resume", is_flag=True, help="Go on with the rotation that is open."),
    click.option("--abort", is_flag=True, help="Give it up, before the swap."),
    click.option("--roll-back", is_flag=True, help="Put the old key back, while it is alive."),
    click.option("--dry-run", is_flag=True, help="Check all that can be checked; change nothing."),
    click.option("--confirm", multiple=True, metavar="NAME", help="You vouch for this consumer."),
    click.option("--allow-wider", is_flag=True, help="Accept a key that reaches further."),
    click.option("--stdin", is_flag=True, help="Read the new key from standard input."),
    click.option("--by-hand", is_flag=True, help="Sandbox: you click, not the hub."),
    click.option("--delivery", type=click.Path(exists=True), help="Raw body of a webhook."),
    click.option("--signature", default="", help="Its X-Hub-Signature."),
    click.option("--yes", is_flag=True, help="Begin without asking."),
    click.option("--store", default="", help="env, keyring, aws:<id>, vault:<mount>/<path>."),
    click.option("--env-file", default="", help="An env file in place of the profile's own."),
    click.option("--repo", default="", help="The project. Default: this one."),
    click.option("--policy", default="", help="A policy.toml. Default: the project's own."),
)


@click.group()
def rotate() -> None:
    r"""Replace a key so that a crash loses nothing and the old one is proven dead.

    The new key comes from a hidden prompt or standard input, never from an argument.

    \b
    Exit status: 0 it has come to an end (or the dry run found nothing in the way)
                 2 it can't begin or go on as asked
                 3 it waits: for a person, for consumers, or for Intercom
    """


def _command(name: str, variable: str) -> click.Command:
    def call(**options: Any) -> int:
        return _rotate(variable, **options)

    call.__doc__ = f"Rotate {variable}. Without options: plan, confirm, begin."
    command = click.command(name)(_PROFILE(call))
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@rotate.command()
@_PROFILE
def status(profile: str) -> int:
    """Every rotation of a profile: where it stands, and its history if it is open."""
    from contextlib import ExitStack

    from helpers.choices import Choices
    from helpers.opening import open_context
    from helpers.rotation.workshop import ledger_of

    with ExitStack() as closing:
        context = open_context("rotate", Choices(profile), closing)
        with ledger_of(context) as ledger:
            entries = ledger.entries()
            for entry in entries:
                click.echo(
                    f"{entry.opened_at}  {entry.variable}  {entry.mode}  {entry.state}  "
                    f"{entry.old_fingerprint} -> {entry.new_fingerprint or '?'}  by {entry.actor}"
                )
                for event in ledger.events(entry) if entry.open else ():
                    click.echo(f"    {event.at}  {event.what}: {event.name}  by {event.actor}")
                if entry.reason:
                    click.echo(f"    It needs a person: {entry.reason}")
    if not entries:
        click.echo(f"The ledger of {profile} holds no rotation.")
    return 0


@rotate.command()
@click.argument("key", type=click.Choice(list(KEYS)))
@_PROFILE
@click.option("--env-file", default="", help="An env file in place of the profile's own.")
@click.option("--repo", default="", help="The repository in which the key may have been exposed.")
@click.option("--out", default="", help="Write it there. Default: to standard output.")
def incident(key: str, profile: str, env_file: str, repo: str, out: str) -> int:
    """The report on a compromised key: exposure, rotation, activity since (Markdown)."""
    from contextlib import ExitStack
    from pathlib import Path

    from helpers.choices import Choices
    from helpers.files import write_private
    from helpers.opening import open_context
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


def _rotate(variable: str, *, profile: str, **options: Any) -> int:
    from contextlib import ExitStack

    from helpers.choices import Choices
    from helpers.opening import open_context
    from helpers.rotation.guide import Guide

    choices = Choices(profile, options["env_file"], options["repo"], options["policy"])
    with ExitStack() as closing:
        context = open_context("rotate", choices, closing)
        context.progress = click.echo
        if options["store"]:
            context.policy = _with_store(context.policy, options["store"])
        guide = Guide(context, variable, by_hand=options["by_hand"])
        return _carry_out(guide, options)


def _with_store(policy: Any, store: str) -> Any:
    from helpers.policy import Policy

    told = policy.model_dump()
    told["rotation"]["store"] = store
    try:
        return Policy.model_validate(told)
    except ValueError:
        raise click.BadParameter(f"{store} is no store.", param_hint="--store") from None


def _carry_out(guide: Guide, options: dict[str, Any]) -> int:
    from helpers.rotation.transitions import Mode

    if options["abort"]:
        return _tell(guide.abort())
    if options["roll_back"]:
        return _tell(guide.roll_back())
    if options["resume"]:
        return _go_on(guide, guide.go_on(_offer(options)), options)
    mode, stolen = Mode(options["mode"] or _usual_mode(guide.variable)), options["compromised"]
    return _begin(guide, mode, options, stolen=stolen)


def _usual_mode(variable: str) -> str:
    return "in-place" if variable == KEYS["client-secret"] else "overlap"


def _begin(guide: Guide, mode: Any, options: dict[str, Any], *, stolen: bool) -> int:
    from helpers.rotation.guide import plan

    for line in plan(mode, compromised=stolen):
        click.echo(line)
    if options["dry_run"]:
        click.echo(f"\nIt could begin: {guide.check(compromised=stolen)} Nothing was changed.")
        return 0
    if not options["yes"] and _interactive():
        click.confirm("\nBegin?", abort=True)
    standing = guide.begin(mode, compromised=stolen)
    if standing.pause and (options["stdin"] or options["confirm"]):
        standing = guide.go_on(_offer(options))
    return _go_on(guide, standing, options)


def _offer(options: dict[str, Any], *, typed: str = "") -> Any:
    from pydantic import SecretStr

    from helpers.rotation.procedures import Offer

    text = typed or (sys.stdin.readline() if options["stdin"] else "")
    return Offer(
        secret=SecretStr(text.strip()) if text.strip() else None,
        attested=frozenset(options["confirm"]),
        allow_wider=options["allow_wider"],
        delivery=_delivery(options),
    )


def _delivery(options: dict[str, Any]) -> Delivery | None:
    from pathlib import Path

    from helpers.rotation.procedures import Delivery

    if not options["delivery"]:
        return None
    return Delivery(Path(options["delivery"]).read_bytes(), options["signature"])


def _go_on(guide: Guide, standing: Standing, options: dict[str, Any]) -> int:
    """Ask the person at the terminal for what it waits for, as long as there is one."""
    from helpers.rotation.engine import Need

    while standing.pause and _interactive() and not options["stdin"]:
        need = standing.pause.need
        if need in (Need.RETRY, Need.DECISION):
            break
        for line in standing.pause.say:
            click.echo(f"  {line}")
        if need is Need.SECRET:
            typed = click.prompt("New key (not shown)", hide_input=True)
            standing = guide.go_on(_offer(options, typed=typed))
        elif need is Need.CONFIRMATION:
            names = [n for n in guide.vouchable() if click.confirm(f"Does {n} use the new key?")]
            options["confirm"] = (*options["confirm"], *names)
            if not names and not click.confirm("Look again?"):
                break
            standing = guide.go_on(_offer(options))
        else:
            if not click.confirm("Done?"):
                break
            standing = guide.go_on(_offer(options))
    return _tell(standing)


def _tell(standing: Standing) -> int:
    entry = standing.entry
    click.echo(f"{entry.variable} stands at {entry.state}.")
    for line in standing.pause.say if standing.pause else ():
        click.echo(f"  {line}")
    if not entry.open:
        return 0
    click.echo("Go on with --resume; `runbook rotate status` shows the history.")
    return NOTHING_VERIFIED


def _interactive() -> bool:
    return sys.stdin.isatty()


for _name, _variable in KEYS.items():
    rotate.add_command(_command(_name, _variable))
