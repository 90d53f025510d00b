"""`runbook auditlog …`: verify, seal and read the audit log; fetch and query Intercom's own log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpers.cli.auditlog_options import (
    FOLDER,
    changing,
    context_of,
    own_log,
    readable,
    reading,
    reading_folder,
)
from helpers.cli.auditlog_records import export, query, tail
from helpers.cli.groups import SuggestingGroup

if TYPE_CHECKING:
    from helpers.auditlog.records import Verification
    from helpers.notebook.parameters import Choices

__all__ = ["auditlog"]


@click.command()
@FOLDER
@reading_folder
@click.option(
    "--root-key-file", "keys", multiple=True, type=click.Path(path_type=Path), help="From `seal`."
)
@click.option("--anchor", "anchors", multiple=True, help="seq:hash, from a report or the mirror.")
@click.option("--require-seals", is_flag=True, help="Report intact only with a verified seal.")
@click.option(
    "--checkpoint",
    "notes",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What `anchor` printed, from where it was kept.",
)
@click.option(
    "--key", "trusted", multiple=True, help="Who may have signed it; default: this profile."
)
def verify(  # noqa: PLR0917 (click passes them by name)
    folder: Path | None,
    choices: Choices,
    keys: tuple[Path, ...],
    anchors: tuple[str, ...],
    require_seals: bool,  # noqa: FBT001 (a flag)
    notes: tuple[Path, ...],
    trusted: tuple[str, ...],
) -> int:
    r"""Verify that the profile's log, or a copied FOLDER, is as it was written.

    A copied folder needs a root key, an anchor, or a checkpoint and the key that signed it; the
    profile's own log is also compared with its head in state.db.

    \b
    Exit status: 0 intact, 14 tampered, 13 truncated, 3 nothing outside the log confirms it,
    nobody who is trusted signed a checkpoint, or the newest record is dated in the future
    """
    from helpers.auditlog.expected import verify_expected
    from helpers.auditlog.seals import read_root_key
    from helpers.auditlog.status import log_folder, other_folders
    from helpers.auditlog.verification import EXIT_STATUS, parse_anchor
    from helpers.auditlog.verification import verify as verified

    options: dict[str, Any] = {
        "anchors": [parse_anchor(anchor) for anchor in anchors],
        "root_keys": [read_root_key(path) for path in keys],
        "require_seals": require_seals,
    }
    if folder:
        with readable(folder):
            found = verified(folder, not_after=datetime.now(UTC) + timedelta(days=1), **options)
            found = _with_checkpoints(found, folder, notes, trusted, None)
    else:
        with context_of(choices) as context:
            state, now = context.state, context.clock()
            place, source = log_folder(context.settings, state)
            others = other_folders(context.settings, state)
            with readable(place):
                known = verify_expected(
                    place, source, state, now, others=others, save=False, **options
                )
                found = known or verified(place, **options)
                found = _with_checkpoints(found, place, notes, trusted, state)
    _report(found)
    return EXIT_STATUS[found.verdict]


def _with_checkpoints(
    found: Verification,
    folder: Path,
    notes: tuple[Path, ...],
    trusted: tuple[str, ...],
    state: Path | None,
) -> Verification:
    """The verdict with these checkpoints; without a trusted signature it is never intact."""
    from helpers.auditlog.signed_checkpoint import (
        SigningKey,
        VerifierKey,
        compare,
        distrusted,
        origin_of,
        read_checkpoint,
    )

    if not notes:
        return found
    keys = [VerifierKey.parse(key) for key in trusted]
    if state and not keys:
        keys = [SigningKey.of_state(state, origin_of(found.log)).public]
    read = [read_checkpoint(path.read_text("utf-8", "replace"), keys) for path in notes]
    if not all(signed for _, signed in read):
        return distrusted(found)
    return compare(found, folder, [checkpoint for checkpoint, _ in read])


@click.command()
@changing
@click.option(
    "--since",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An earlier checkpoint: print the proof that this one continues it, as witnesses read it.",
)
def anchor(choices: Choices, since: Path | None) -> int:
    r"""Print a signed checkpoint of the log, to be kept where the log's owner can't change it.

    It is a C2SP tlog-checkpoint; the key that verifies it goes to standard error. Keep both in
    another repository, in a bucket with object lock, or on paper.

    \b
    Exit status: 0 printed, else as `verify`: a log that is not sound is not signed
    """
    from helpers.auditlog.expected import verify_expected
    from helpers.auditlog.signed_checkpoint import (
        SigningKey,
        add_checkpoint,
        checkpoint_of,
        compare,
        origin_of,
        read_checkpoint,
    )
    from helpers.auditlog.status import log_folder, other_folders
    from helpers.auditlog.verification import EXIT_STATUS
    from helpers.core.errors import UsageError

    with context_of(choices) as context:
        state = context.state
        place, source = log_folder(context.settings, state)
        others = other_folders(context.settings, state)
        with readable(place):
            found = verify_expected(
                place, source, state, context.clock(), others=others, save=False
            )
            if found is None:
                raise UsageError("There is no log yet.", "It begins with the first audit.")
            key = SigningKey.of_state(state, origin_of(found.log))
            old = None
            if since:
                old, signed = read_checkpoint(since.read_text("utf-8", "replace"), [key.public])
                if not signed:
                    raise UsageError(f"{since} was not signed here.", "Name what `anchor` printed.")
                found = compare(found, place, [old])
            if found.first_bad or EXIT_STATUS[found.verdict] not in (0, 3):
                _report(found)
                return EXIT_STATUS[found.verdict]
            checkpoint, leaves = checkpoint_of(place, key.public.name)
    note = key.sign(checkpoint.text)
    click.echo(add_checkpoint(old, leaves, note) if old else note, nl=False)
    click.echo(f"Verify with --key {key.public}", err=True)
    return 0


@click.command()
@changing
@click.option("--name", required=True, help="Yours: it is recorded.")
def accept(choices: Choices, name: str) -> None:
    """Accept a log in place of the one that this profile had; the runbook's log records it."""
    from helpers.auditlog.expected import accept as accepted
    from helpers.auditlog.status import log_folder, other_folders

    with own_log(choices) as (log, context):
        place, source = log_folder(context.settings, context.state)
        others = other_folders(context.settings, context.state)
        old = accepted(log, place, source, name, others=others)
    click.echo(f"The log in {place} is expected from now on, in place of {old}.")


def _report(found: Verification) -> None:
    click.echo(f"{found.verdict.upper()}: {found.records} records in {found.segments} segments.")
    if found.problem:
        click.echo(f"  {found.problem}")
    if found.first_bad:
        click.echo(f"  First bad: {found.first_bad}.")
    for vouched in found.vouched:
        click.echo(f"  Confirmed by {vouched}.")
    if found.head and found.head.seq > found.covered_to >= 0:
        click.echo(f"  Records after {found.covered_to} are confirmed by the chain alone.")
    for note in found.notes[:10]:
        click.echo(f"  {note}")
    if found.head:
        click.echo(f"  Anchor: {found.head.seq}:{found.head.hash}")


@click.command()
@changing
@click.option("--new", is_flag=True, help="Continue under a new root key.")
@click.option("--keyring", is_flag=True, help="Keep the current key in the system's keyring.")
def seal(choices: Choices, *, new: bool, keyring: bool) -> None:
    """Start sealing the runbook's own log; shows the root key once."""
    from helpers.core.errors import UsageError

    with own_log(choices) as (log, _):
        if log.sealing and not new:
            raise UsageError(
                "This log is already sealed; its root key was shown at the start.",
                "`--new` continues under another root key; keep both.",
            )
        root = log.start_sealing(keyring=keyring)
    click.echo(root.hex())
    click.echo(
        "This is the root key, shown once and stored nowhere. Keep it off this machine;\n"
        "`runbook auditlog verify --root-key-file FILE` uses it.",
        err=True,
    )


@click.command()
@changing
@click.option("--days", type=click.IntRange(31), help="Default: the policy's retention_days.")
def expire(choices: Choices, days: int | None) -> None:
    """Remove segments older than the retention period; a sealed tombstone stays."""
    from helpers.auditlog.retention import expire as expired

    with own_log(choices) as (log, context):
        gone = expired(log, days or context.policy.auditlog.retention_days, context.clock())
    click.echo(f"Removed: {', '.join(gone)}." if gone else "Nothing is old enough.")


@click.command()
@changing
def mirror(choices: Choices) -> int:
    r"""Bring the mirrors up to date, if the policy turns them on.

    \b
    Exit status: 0 every record arrived, 3 records wait or were refused, 2 mirrors are off
    """
    from helpers.auditlog.action import act
    from helpers.auditlog.views import action as shown
    from helpers.core.errors import ConfigurationError
    from helpers.core.model import Unavailable
    from helpers.notebook.confirmation import confirm_workspace

    with context_of(choices) as context:
        confirm_workspace(context)
        done = act(context)
    if isinstance(done, Unavailable):
        raise ConfigurationError(done.reason, "See docs/auditlog.md.")
    click.echo(shown(done).text)
    return 3 if any(one.behind or one.refused for one in done.mirrors) else 0


@click.command()
@changing
@click.option("--days", default=30, show_default=True, type=click.IntRange(1))
def fetch(choices: Choices, days: int) -> None:
    """Fetch Intercom's activity log; resumes where it stopped, fetches no closed day twice."""
    from helpers.auditlog.activity import fetch as fetched
    from helpers.auditlog.paging import activity_pages, workspace_of
    from helpers.auditlog.partitions import Partitions
    from helpers.core.errors import CollectionError
    from helpers.notebook.confirmation import confirm_workspace

    with context_of(choices) as context:
        confirm_workspace(context)
        end = context.clock()
        place = Partitions.of_workspace(context.state, workspace_of(context.client))
        done = fetched(
            activity_pages(context.client),
            place,
            end - timedelta(days=days),
            end,
            progress=lambda line: click.echo(line, err=True),
        )
    click.echo(f"{done.rows:,} rows in {done.calls:,} calls; {done.days} days completed.")
    if done.gaps:
        raise CollectionError(
            done.gaps, "The days that it concerns stay incomplete and are fetched again."
        )


@click.command()
@reading
@click.argument("question", required=False)
def ask(choices: Choices, question: str | None) -> None:
    """Query the activity log with every question; with a QUESTION's name, show its rows."""
    from helpers.auditlog.collect import collect
    from helpers.auditlog.views import answers, rows_of
    from helpers.core.errors import CollectionError
    from helpers.core.model import Unavailable
    from helpers.notebook.confirmation import confirm_workspace

    with context_of(choices) as context:
        confirm_workspace(context)
        facts = collect(context)
    if isinstance(facts.answers, Unavailable):
        raise CollectionError(facts.answers.reason, f"Call: {facts.answers.call}.")
    click.echo((rows_of(facts, question) if question else answers(facts)).text)


@click.command()
@changing
@click.option("--days", type=click.IntRange(31), help="Default: the policy's retention_days.")
def forget(choices: Choices, days: int | None) -> None:
    """Delete fetched months older than so many days; the log records which."""
    from helpers.auditlog.partitions import Partitions

    with context_of(choices) as context:
        keep = days or context.policy.auditlog.retention_days
        limit = context.clock().date() - timedelta(days=keep)
        places = Partitions.all_in(context.state)
        months = ", ".join(sorted({m for place in places for m in place.months_before(limit)}))
        if months:  # first: a deletion that can't be recorded is not done
            context.record("runbook.activity.forgotten", resource="activity", note=months)
            for place in places:
                place.forget(limit)
    click.echo(f"Deleted: {months}." if months else "Nothing is old enough.")


@click.group(cls=SuggestingGroup)
def auditlog() -> None:
    """Verify, seal, read and export the audit log; fetch and query Intercom's own."""


for _command in (
    verify,
    anchor,
    accept,
    seal,
    expire,
    mirror,
    tail,
    query,
    export,
    fetch,
    ask,
    forget,
):
    auditlog.add_command(_command)
