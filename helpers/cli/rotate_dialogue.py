"""The talk with the person at the terminal: the plan, the hidden prompt, what they vouch for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
from pydantic import SecretStr

from helpers.core.errors import UsageError
from helpers.core.exit_status import NOTHING_VERIFIED
from helpers.rotation.guide import Guide
from helpers.rotation.procedures import Delivery, Offer
from helpers.rotation.standing import ENDS, Need, Pause, Standing
from helpers.rotation.transitions import Mode

__all__ = ["carry_out", "tell"]

_LONGEST: Final = 4096  # characters of a key on standard input
_LASTING: Final = (
    "For one that lasts, run `runbook sandbox > sandbox.env` in another terminal and add "
    "`--profile development --env-file sandbox.env` here."
)


def carry_out(guide: Guide, options: Mapping[str, Any]) -> int:
    """Do what the options say; the exit status."""
    if options["stdin"] and _interactive():
        raise UsageError(
            "Standard input is this terminal, which would show the key.",
            "Leave --stdin out: a hidden prompt asks for it.",
        )
    later = _later(guide, options)
    if later == "abort":
        return tell(guide, guide.abort())
    if later == "roll_back":
        return tell(guide, guide.roll_back())
    if later:
        return _go_on(guide, guide.go_on(_offer(options)), options)
    return _begin(guide, options)


def _later(guide: Guide, options: Mapping[str, Any]) -> str:
    """What to do with an open rotation; "" where one is to begin."""
    chosen = [name for name in ("abort", "roll_back", "resume", "dry_run") if options[name]]
    if len(chosen) > 1:
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in chosen)
        raise UsageError(f"{flags} exclude one another.", "Choose one of them.")
    if not chosen or chosen == ["dry_run"]:
        return ""
    if not guide.lasting:
        raise UsageError("The sandbox profile forgets a rotation with its command.", _LASTING)
    return chosen[0]


def _begin(guide: Guide, options: Mapping[str, Any]) -> int:
    mode = Mode(options["mode"] or guide.modes[0])
    for line in guide.plan(mode, compromised=options["compromised"]):
        click.echo(click.wrap_text(line, 100, subsequent_indent="   "))
    if options["dry_run"]:
        verdict = guide.check(compromised=options["compromised"])
        click.echo(f"\nIt could begin: {verdict} Nothing was changed.")
        return 0
    if not options["yes"] and _interactive():
        click.confirm("\nBegin?", abort=True)
    standing = guide.begin(mode, compromised=options["compromised"])
    if standing.pause and (options["stdin"] or options["confirm"]):
        standing = guide.go_on(_offer(options))
    return _go_on(guide, standing, options)


def _go_on(guide: Guide, standing: Standing, options: Mapping[str, Any]) -> int:
    """Ask for what it waits for, as long as there is a person to ask."""
    while standing.pause and _interactive():
        if standing.pause.need in (Need.RETRY, Need.DECISION):
            break
        for line in standing.pause.say:
            click.echo(f"  {line}")
        offer = _asked(standing.pause, options)
        if offer is None:
            break
        standing = guide.go_on(offer)
    return tell(guide, standing)


def _asked(pause: Pause, options: Mapping[str, Any]) -> Offer | None:
    """What the person brings; None where they leave it for later."""
    if pause.need is Need.SECRET:
        typed = click.prompt("New key (not shown)", hide_input=True)
        return _offer(options, secret=typed.strip())
    names = frozenset(name for name in pause.vouch if click.confirm(f"Do you vouch for: {name}?"))
    again = "Done?" if pause.need is Need.CLICK else "Look again?"
    return _offer(options, vouched=names) if names or click.confirm(again) else None


def _offer(
    options: Mapping[str, Any], *, secret: str = "", vouched: frozenset[str] = frozenset()
) -> Offer:
    text = secret or (_from_stdin() if options["stdin"] else "")
    return Offer(
        secret=SecretStr(text) if text else None,
        attested=vouched | frozenset(options["confirm"]),
        allow_wider=options["allow_wider"],
        delivery=_delivery(options),
    )


def _from_stdin() -> str:
    text = sys.stdin.read(_LONGEST).strip()
    if not text:
        raise UsageError(
            "Nothing came on standard input.", "Pipe the new key in, or leave --stdin out."
        )
    return text


def _delivery(options: Mapping[str, Any]) -> Delivery | None:
    if not options["delivery"]:
        return None
    return Delivery(Path(options["delivery"]).read_bytes(), options["signature"])


def tell(guide: Guide, standing: Standing) -> int:
    """Say where it stands and what it waits for; the exit status."""
    entry = standing.entry
    click.echo(f"{entry.variable} stands at {entry.state}.")
    if not entry.open:
        click.echo(f"  {ENDS[entry.state]}")
        return 0
    for line in standing.pause.say if standing.pause else ():
        click.echo(f"  {line}")
    goes_on = "Go on with --resume; `runbook rotate status` shows the history."
    click.echo(goes_on if guide.lasting else f"It ends here, with its sandbox. {_LASTING}")
    return NOTHING_VERIFIED


def _interactive() -> bool:
    return sys.stdin.isatty()
