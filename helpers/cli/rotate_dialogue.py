"""The dialogue at the terminal: the plan, the hidden prompt, and what the person confirms."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
from pydantic import SecretStr

from helpers.core.commands import complete
from helpers.core.errors import UsageError
from helpers.core.exit_status import NOTHING_VERIFIED
from helpers.rotation.context import ENDS, Need, Pause, RotationStatus
from helpers.rotation.guide import Guide
from helpers.rotation.procedure import OperatorInput, SignedDelivery
from helpers.rotation.transitions import Mode

__all__ = ["report_status", "run_rotation"]

_LONGEST: Final = 4096  # characters of a key on standard input
_PERSISTENT_SANDBOX: Final = (
    "To keep a rotation, run `runbook sandbox > sandbox.env` in another terminal and add "
    "`--profile development --env-file sandbox.env` here."
)


def run_rotation(guide: Guide, options: Mapping[str, Any]) -> int:
    """Do what the options ask for. Returns the exit status."""
    if options["stdin"] and _interactive():
        raise UsageError(
            "Standard input is this terminal, which would show the key.",
            "Omit --stdin: a hidden prompt asks for it.",
        )
    action = _action_on_open(guide, options)
    if action == "abort":
        return report_status(guide, guide.abort())
    if action == "roll_back":
        return report_status(guide, guide.roll_back())
    if action:
        return _continue(guide, guide.resume(_operator_input(options)), options)
    return _start(guide, options)


def _action_on_open(guide: Guide, options: Mapping[str, Any]) -> str:
    """What to do with the open rotation; "" to start a new one."""
    chosen = [name for name in ("abort", "roll_back", "resume", "dry_run") if options[name]]
    if len(chosen) > 1:
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in chosen)
        raise UsageError(f"{flags} exclude each other.", "Choose one of them.")
    if not chosen or chosen == ["dry_run"]:
        return ""
    if not guide.persistent:
        raise UsageError(
            "The sandbox profile keeps no rotation after its command ends.", _PERSISTENT_SANDBOX
        )
    return chosen[0]


def _start(guide: Guide, options: Mapping[str, Any]) -> int:
    mode = Mode(options["mode"] or guide.modes[0])
    for line in guide.plan(mode, compromised=options["compromised"]):
        click.echo(click.wrap_text(line, 100, subsequent_indent="   "))
    if options["dry_run"]:
        found = guide.dry_run(compromised=options["compromised"])
        click.echo(f"\nThe rotation can start: {found} Nothing was changed.")
        return 0
    if not options["yes"] and _interactive():
        click.confirm("\nStart?", abort=True)
    status = guide.start(mode, compromised=options["compromised"])
    if status.pause and (options["stdin"] or options["confirm"]):
        status = guide.resume(_operator_input(options))
    return _continue(guide, status, options)


def _continue(guide: Guide, status: RotationStatus, options: Mapping[str, Any]) -> int:
    """Ask for what the rotation waits for, as long as a person is there to answer."""
    while status.pause and _interactive():
        if status.pause.need in (Need.RETRY, Need.DECISION):
            break
        for line in status.pause.lines:
            click.echo(f"  {line}")
        supplied = _ask(status.pause, options)
        if supplied is None:
            break
        status = guide.resume(supplied)
    return report_status(guide, status)


def _ask(pause: Pause, options: Mapping[str, Any]) -> OperatorInput | None:
    """What the person supplies; None where they leave it for later."""
    if pause.need is Need.SECRET:
        typed = click.prompt("New key (not shown)", hide_input=True)
        return _operator_input(options, secret=typed.strip())
    names = frozenset(
        name for name in pause.attestable if click.confirm(f"Do you confirm: {name}?")
    )
    again = "Done?" if pause.need is Need.CLICK else "Check again?"
    return _operator_input(options, attested=names) if names or click.confirm(again) else None


def _operator_input(
    options: Mapping[str, Any], *, secret: str = "", attested: frozenset[str] = frozenset()
) -> OperatorInput:
    text = secret or (_from_stdin() if options["stdin"] else "")
    return OperatorInput(
        secret=SecretStr(text) if text else None,
        attested=attested | frozenset(options["confirm"]),
        allow_wider=options["allow_wider"],
        delivery=_delivery(options),
    )


def _from_stdin() -> str:
    text = sys.stdin.read(_LONGEST).strip()
    if not text:
        raise UsageError("Nothing came on standard input.", "Pipe the new key in, or omit --stdin.")
    return text


def _delivery(options: Mapping[str, Any]) -> SignedDelivery | None:
    if not options["delivery"]:
        return None
    return SignedDelivery(Path(options["delivery"]).read_bytes(), options["signature"])


def report_status(guide: Guide, status: RotationStatus) -> int:
    """Print the state and what the rotation waits for. Returns the exit status."""
    entry = status.entry
    click.echo(f"{entry.variable} is at {entry.state}.")
    if not entry.open:
        click.echo(f"  {ENDS[entry.state]}")
        return 0
    for line in status.pause.lines if status.pause else ():
        click.echo(f"  {line}")
    next_step = "Continue with --resume; `runbook rotate status` shows the history."
    ends_here = f"This rotation ends here, with its sandbox. {_PERSISTENT_SANDBOX}"
    click.echo(complete(next_step if guide.persistent else ends_here))
    return NOTHING_VERIFIED


def _interactive() -> bool:
    return sys.stdin.isatty()
