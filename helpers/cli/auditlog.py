"""`runbook auditlog …`: the log verified, sealed, read, handed on; Intercom's own log fetched."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from helpers.auditlog.export import Selection
    from helpers.auditlog.log import AuditLog
    from helpers.auditlog.records import Verification
    from helpers.context import Context

__all__ = ["auditlog"]

_PROFILE: Final = click.option("--profile", default="sandbox", show_default=True)
_ENV_FILE: Final = click.option("--env-file", default="", help="In place of the profile's own.")
_POLICY: Final = click.option("--policy", default="", help="Default: the project's policy.toml.")
_FOLDER: Final = click.argument(
    "folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False)
)


def _profile(function: Callable[..., Any]) -> Callable[..., Any]:
    return _PROFILE(_ENV_FILE(_POLICY(function)))


@click.group()
def auditlog() -> None:
    """Verify, seal, read and export the audit log; fetch and question Intercom's own."""


@auditlog.command()
@_FOLDER
@_profile
@click.option(
    "--root-key-file", "keys", multiple=True, type=click.Path(path_type=Path), help="From `seal`."
)
@click.option("--anchor", "anchors", multiple=True, help="seq:hash, from a report or the mirror.")
@click.option("--require-seals", is_flag=True, help="No verdict of intact without a checked seal.")
def verify(  # noqa: PLR0917 (click names them)
    folder: Path | None,
    profile: str,
    env_file: str,
    policy: str,
    keys: tuple[Path, ...],
    anchors: tuple[str, ...],
    require_seals: bool,  # noqa: FBT001 (a flag)
) -> int:
    r"""Is the log as it was written? Of the profile, or of a copied FOLDER.

    A copied folder needs a root key or an anchor; the profile's own log is held against its head
    in state.db as well.

    \b
    Exit status: 0 intact, 14 tampered, 13 truncated, 3 nothing outside the log vouches for it
    """
    from helpers.auditlog.heads import read_noted_head
    from helpers.auditlog.seals import read_root_key
    from helpers.auditlog.segments import log_id_of
    from helpers.auditlog.verification import EXIT_STATUS, parse_anchor
    from helpers.auditlog.verification import verify as verified

    held = [parse_anchor(anchor) for anchor in anchors]
    roots = [read_root_key(path) for path in keys]
    with _log_of(folder, profile, env_file, policy) as (place, state):
        noted = read_noted_head(state, log_id_of(place)) if state else None
        held += [noted] if noted else []
        with _readable(place):
            found = verified(place, root_keys=roots, anchors=held, require_seals=require_seals)
    _tell(found)
    return EXIT_STATUS[found.verdict]


def _tell(found: Verification) -> None:
    click.echo(f"{found.verdict.upper()}: {found.records} records in {found.segments} segments.")
    if found.problem:
        click.echo(f"  {found.problem}")
    if found.first_bad:
        click.echo(f"  First bad: {found.first_bad}.")
    for vouched in found.vouched:
        click.echo(f"  Held against {vouched}.")
    if found.head and found.head.seq > found.covered_to >= 0:
        click.echo(f"  Records after {found.covered_to} have the chain alone to vouch for them.")
    for note in found.notes[:10]:
        click.echo(f"  {note}")
    if found.head:
        click.echo(f"  Anchor: {found.head.seq}:{found.head.hash}")


@auditlog.command()
@_profile
@click.option("--new", is_flag=True, help="Go on under a new root key.")
def seal(profile: str, env_file: str, policy: str, new: bool) -> None:  # noqa: FBT001 (a flag)
    """Start sealing the runbook's own log; shows the root key, once."""
    from helpers.errors import UsageError

    with _own_log(profile, env_file, policy) as (log, _):
        if log.sealing and not new:
            raise UsageError(
                "This log is sealed already; its root key was shown then.",
                "`--new` goes on under another root key; keep both.",
            )
        root = log.start_sealing()
    click.echo(root.hex())
    click.echo(
        "This is the root key, shown once and stored nowhere. Keep it away from this machine;\n"
        "`runbook auditlog verify --root-key-file FILE` takes it.",
        err=True,
    )


@auditlog.command()
@_FOLDER
@_profile
@click.option("-n", "--lines", default=10, show_default=True, type=click.IntRange(0))
@click.option("-f", "--follow", is_flag=True, help="Go on as records come.")
def tail(  # noqa: PLR0917 (click names them)
    folder: Path | None,
    profile: str,
    env_file: str,
    policy: str,
    lines: int,
    follow: bool,  # noqa: FBT001 (a flag)
) -> None:
    """The last records, each as `[AUDIT] {…}`, for people and for collectors."""
    import time
    from collections import deque

    from helpers.auditlog.export import to_json
    from helpers.auditlog.mirrors import entries_after
    from helpers.auditlog.segments import entries

    with _log_of(folder, profile, env_file, policy) as (place, _), _readable(place):
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


def _selecting(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--until", default="", help="Before this day or time, UTC."),
        click.option("--since", default="", help="From this day or time on, UTC."),
        click.option("--resource", default="", help="May hold *."),
        click.option("--user", default="", help="The account of the system."),
        click.option("--result", type=click.Choice(["success", "failure"])),
        click.option("--action", default="", help="May hold *."),
    ):
        function = option(function)
    return function


@auditlog.command()
@_FOLDER
@_profile
@_selecting
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
def query(
    folder: Path | None, profile: str, env_file: str, policy: str, limit: int, **wanted: Any
) -> None:
    """Records that fit, newest last."""
    from collections import deque

    from helpers.auditlog.export import select
    from helpers.views.base import table
    from helpers.visible import visible

    selection = _selection(**wanted)
    with _log_of(folder, profile, env_file, policy) as (place, _), _readable(place):
        found = deque(select(place, selection), maxlen=limit)
    rows = [
        (  # noqa: RUF005
            str(e.seq),
            e.timestamp[:19],
            e.user.get("os_user", ""),
            e.action,
            e.resource.get("id", ""),
        )
        + (e.result,)
        for e in found
    ]
    cells = [tuple(visible(cell) for cell in row) for row in rows]
    columns = ("record", "when (UTC)", "who", "did what", "to what", "result")
    click.echo(table(columns, cells, empty="No record fits.").text)


@auditlog.command()
@_FOLDER
@_profile
@_selecting
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Default: stdout.")
def export(  # noqa: PLR0917 (click names them)
    folder: Path | None,
    profile: str,
    env_file: str,
    policy: str,
    form: str,
    out: Path | None,
    **wanted: Any,
) -> None:
    """Hand records on, as JSON lines or CSV; formulas are neutralised."""
    from helpers.auditlog.export import select, to_csv, to_json
    from helpers.files import write_private

    selection = _selection(**wanted)
    with _log_of(folder, profile, env_file, policy) as (place, _), _readable(place):
        lines = (to_csv if form == "csv" else to_json)(select(place, selection))
        if out:
            write_private(out, "".join(lines))
        else:
            for line in lines:
                click.echo(line, nl=False)


@auditlog.command()
@_profile
@click.option("--days", type=click.IntRange(31), help="Default: the policy's retention_days.")
def expire(profile: str, env_file: str, policy: str, days: int | None) -> None:
    """Remove segments that are older than the retention; a sealed tombstone stays."""
    from helpers.auditlog.retention import expire as expired

    with _own_log(profile, env_file, policy) as (log, context):
        gone = expired(log, days or context.policy.auditlog.retention_days, context.clock())
    click.echo(f"Removed: {', '.join(gone)}." if gone else "Nothing is old enough.")


@auditlog.command()
@_profile
def mirror(profile: str, env_file: str, policy: str) -> int:
    r"""Bring the mirrors up to date, where the policy has them on.

    \b
    Exit status: 0 all has arrived, 3 something waits or was refused, 2 mirrors are off
    """
    from helpers.auditlog.act import act
    from helpers.errors import ConfigurationError
    from helpers.model import Unavailable
    from helpers.views.auditlog import act as shown

    with _context(profile, env_file, policy) as context:
        done = act(context)
    if isinstance(done, Unavailable):
        raise ConfigurationError(done.reason, "See docs/auditlog.md.")
    click.echo(shown(done).text)
    return 3 if any(one.behind or one.refused for one in done.mirrors) else 0


@auditlog.command()
@_profile
@click.option("--days", default=30, show_default=True, type=click.IntRange(1))
def fetch(profile: str, env_file: str, policy: str, days: int) -> None:
    """Fetch Intercom's activity log; goes on where it stopped, no closed day twice."""
    from helpers.auditlog.activity import fetch as fetched
    from helpers.auditlog.activity import pages_of
    from helpers.auditlog.partitions import Partitions

    with _context(profile, env_file, policy) as context:
        end = context.clock()
        place = Partitions(context.state / "activity")
        done = fetched(
            pages_of(context.client),
            place,
            end - timedelta(days=days),
            end,
            progress=lambda line: click.echo(line, err=True),
        )
    click.echo(f"{done.rows:,} rows in {done.calls:,} calls; {done.days} days became complete.")


@auditlog.command()
@_profile
@click.argument("question", required=False)
def ask(profile: str, env_file: str, policy: str, question: str | None) -> None:
    """Put the questions to the activity log; with a QUESTION's name, show all its rows."""
    from helpers.collectors.auditlog import collect
    from helpers.errors import CollectionError
    from helpers.model import Unavailable
    from helpers.views.auditlog import answers, rows_of

    with _context(profile, env_file, policy) as context:
        facts = collect(context)
    if isinstance(facts.answers, Unavailable):
        raise CollectionError(facts.answers.reason, f"Call: {facts.answers.call}.")
    click.echo((rows_of(facts, question) if question else answers(facts)).text)


def _selection(**wanted: Any) -> Selection:
    from helpers.auditlog.export import Selection

    since, until = _moment(wanted.pop("since")), _moment(wanted.pop("until"))
    texts = {name: value or "" for name, value in wanted.items()}
    return Selection(**texts, since=since, until=until)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time: 2026-03-02 or 2026-03-02T09:00.") from None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


@contextmanager
def _context(profile: str, env_file: str, policy: str) -> Iterator[Context]:
    from helpers.choices import Choices
    from helpers.opening import open_context

    with ExitStack() as closing:
        yield open_context("auditlog", Choices(profile, env_file, policy=policy), closing)


@contextmanager
def _log_of(
    folder: Path | None, profile: str, env_file: str, policy: str
) -> Iterator[tuple[Path, Path | None]]:
    """The folder of a log, and the state folder that knows of it."""
    from helpers.auditlog.status import log_folder

    if folder:
        yield folder, None
        return
    with _context(profile, env_file, policy) as context:
        yield log_folder(context.settings, context.state)[0], context.state


@contextmanager
def _own_log(profile: str, env_file: str, policy: str) -> Iterator[tuple[AuditLog, Context]]:
    from helpers.auditlog.log import AuditLog

    with (
        _context(profile, env_file, policy) as context,
        AuditLog.open(
            context.state / "audit", context.state, clock=context.clock, redactor=context.redactor
        ) as log,
    ):
        yield log, context


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    from helpers.errors import CollectionError

    try:
        yield
    except OSError as error:
        raise CollectionError(
            f"The audit log {folder} can't be read: {(error.strerror or 'unknown').lower()}.",
            "Run this as a user who may read it.",
        ) from None
