"""`runbook keys`: every key of every environment, its age, and when it is due."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from helpers.cli.subject_options import about_a_workspace
from helpers.core.exit_status import NOTHING_VERIFIED
from helpers.notebook.parameters import Choices

if TYPE_CHECKING:
    from helpers.rotation.schedule import DueDate, KeySchedule

__all__ = ["keys"]

TOO_OLD: Final = 13  # the status of a failure of severity high


@click.command()
@about_a_workspace(many=True)
@click.option(
    "--fail-if-older-than",
    type=click.IntRange(1),
    metavar="PERCENT",
    help="Exit 13 if a key has used more than this share of its allowed age.",
)
@click.option(
    "--calendar",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the dates as an .ics file.",
)
def keys(
    choices: tuple[Choices, ...],
    fail_if_older_than: int | None,
    calendar: Path | None,
) -> int:
    r"""Show how old the keys are, how that is known, when they are due, and who owns them.

    \b
    Exit status: 0 fine, 3 no key could be read, 13 a key is too old (--fail-if-older-than)
    """
    seen = [_keys(one) for one in choices]
    found = [key for keys_, _ in seen for key in keys_]
    click.echo(_table(found))
    if calendar:
        _write(calendar, [due for _, dues in seen for due in dues])
    if not found:
        return NOTHING_VERIFIED
    limit = fail_if_older_than
    return TOO_OLD if limit and any(key.percent > limit for key in found) else 0


def _keys(choices: Choices) -> tuple[list[KeySchedule], list[DueDate]]:
    from contextlib import ExitStack

    from helpers.core.model import Known
    from helpers.notebook.confirmation import confirm_workspace
    from helpers.notebook.context_factory import open_context
    from helpers.rotation.collect import collect
    from helpers.rotation.schedule import schedule_key

    with ExitStack() as closing:
        context = open_context("keys", choices, closing)
        confirm_workspace(context)
        facts, now, rules = collect(context), context.clock(), context.policy.rotation
        if not isinstance(facts.keys, Known):
            click.echo(f"{choices.profile}: {facts.keys.reason}", err=True)
            return [], []
        found = [schedule_key(key, rules, now, choices.profile) for key in facts.keys.value]
        return found, [key.due_date(rules) for key in found]


def _write(path: Path, dues: list[DueDate]) -> None:
    from datetime import UTC, datetime

    from helpers.rotation.schedule import calendar
    from helpers.system.files import write_private

    write_private(path, calendar(dues, datetime.now(UTC)))
    click.echo(f"Wrote {path}.", err=True)


def _table(found: list[KeySchedule]) -> str:
    from helpers.core.view import table

    rows = [
        (
            key.profile,
            key.key.variable,
            key.key.fingerprint,
            f"{'' if key.key.exact else '>= '}{key.age} of {key.limit} days",
            f"{key.percent} %{' !' * len(key.warnings)}",
            f"{key.due:%Y-%m-%d}",
            str(key.key.known_by),
            key.owner or "nobody",
        )
        for key in found
    ]
    columns = ("profile", "key", "fingerprint", "age", "used", "due", "known by", "owner")
    return table(columns, rows, empty="No key is configured.").text
