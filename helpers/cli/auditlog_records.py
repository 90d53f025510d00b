"""`runbook auditlog tail`, `query`, `export`: read and export the records of a log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpers.cli.auditlog_options import FOLDER, log_of, readable, reading_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from helpers.auditlog.export import EntryFilter
    from helpers.notebook.parameters import Choices

__all__ = ["export", "query", "tail"]


@click.command()
@FOLDER
@reading_folder
@click.option("-n", "--lines", default=10, show_default=True, type=click.IntRange(0))
@click.option("-f", "--follow", is_flag=True, help="Keep printing new records.")
def tail(
    folder: Path | None,
    choices: Choices,
    lines: int,
    follow: bool,  # noqa: FBT001 (a flag)
) -> None:
    """Print the last records, each as `[AUDIT] {…}`, for people and log collectors."""
    import time
    from collections import deque

    from helpers.auditlog.export import to_json
    from helpers.auditlog.mirrors import entries_after
    from helpers.auditlog.segments import entries

    with log_of(folder, choices) as (place, _), readable(place):
        last = deque(entries(place), maxlen=max(lines, 1))
        shown = list(last) if lines else []
        seen = last[-1].seq if last else -1
        while True:
            for line in to_json(shown):
                click.echo(f"[AUDIT] {line}", nl=False)
            if not follow:
                return
            time.sleep(0.5)
            shown = list(entries_after(place, seen))
            seen = shown[-1].seq if shown else seen


def _filter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--until", default="", help="Before this date or time, UTC."),
        click.option("--since", default="", help="From this date or time on, UTC."),
        click.option("--resource", default="", help="May hold *."),
        click.option("--user", default="", help="The system account."),
        click.option("--result", type=click.Choice(["success", "failure"])),
        click.option("--action", default="", help="May hold *."),
    ):
        function = option(function)
    return function


@click.command()
@FOLDER
@reading_folder
@_filter_options
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
def query(folder: Path | None, choices: Choices, limit: int, **wanted: Any) -> None:
    """Show matching records, newest last."""
    from collections import deque

    from helpers.auditlog.export import select
    from helpers.core.redaction import sanitize
    from helpers.core.view import table

    criteria = _entry_filter(**wanted)
    with log_of(folder, choices) as (place, _), readable(place):
        found = deque(select(place, criteria), maxlen=limit)
    rows = [
        (
            str(e.seq),
            e.timestamp[:19],
            e.user.get("os_user", ""),
            e.action,
            e.resource.get("id", ""),
            e.result,
        )
        for e in found
    ]
    cells = [tuple(sanitize(cell) for cell in row) for row in rows]
    columns = ("record", "when (UTC)", "who", "action", "resource", "result")
    click.echo(table(columns, cells, empty="No record matches.").text)


@click.command()
@FOLDER
@reading_folder
@_filter_options
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Default: stdout.")
def export(
    folder: Path | None,
    choices: Choices,
    form: str,
    out: Path | None,
    **wanted: Any,
) -> None:
    """Export records as JSON lines or CSV; spreadsheet formulas are neutralised."""
    from helpers.auditlog.export import select, to_csv, to_json
    from helpers.system.files import write_private

    criteria = _entry_filter(**wanted)
    with log_of(folder, choices) as (place, _), readable(place):
        lines = (to_csv if form == "csv" else to_json)(select(place, criteria))
        if out:
            write_private(out, "".join(lines))
        else:
            for line in lines:
                click.echo(line, nl=False)


def _entry_filter(**wanted: Any) -> EntryFilter:
    from helpers.auditlog.export import EntryFilter

    since, until = _moment(wanted.pop("since")), _moment(wanted.pop("until"))
    texts = {name: value or "" for name, value in wanted.items()}
    return EntryFilter(**texts, since=since, until=until)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a time such as 2026-03-02 or 2026-03-02T09:00."
        ) from None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
