"""Collect the ages of the keys, the regenerations in Intercom's log, and the rotations.

This reads Intercom's log, the ledger and the folder of the env files. It writes one thing, into the
runbook's own state: when a key was first seen, which becomes a lower bound of its age.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Datum, Known, Unavailable
from helpers.core.policy import RotationPolicy
from helpers.core.settings import Settings
from helpers.intercom.answers import Activity, ListedSecret, printable
from helpers.intercom.listing import Listing
from helpers.rotation.ages import MAKING, WATCHED, CreationWindow, age_of, parse_time, recorded
from helpers.rotation.ledger import Ledger, LedgerEntry
from helpers.rotation.records import (
    KeyAge,
    Leftover,
    ListedIdentitySecret,
    Regeneration,
    RotationFacts,
    RotationRecord,
)
from helpers.rotation.session import open_ledger
from helpers.rotation.transitions import State
from helpers.system.state import first_audit

__all__ = ["collect"]

_LOOK_BACK: Final = timedelta(days=400)  # Intercom keeps the log for at least a year
_TYPES: Final = frozenset.union(*MAKING.values())
_WAITING: Final = re.compile(r".+\.(?P<variable>[A-Z_]+)\.(pending|previous)\.local")


def collect(context: Context) -> RotationFacts:
    """Read what is known of this profile's keys."""
    rows = _rows(context)
    try:
        with open_ledger(context) as ledger:
            return _facts(context, ledger, rows)
    except RunbookError as error:
        unavailable = Unavailable(reason=str(error), call="state.db")
        return RotationFacts(
            keys=unavailable,
            regenerations=unavailable,
            rotations=unavailable,
            leftovers=unavailable,
            identity_secrets=_identity_secrets(context),
            rehearsal=context.evidence,
            first_audit=unavailable,
        )


def _facts(
    context: Context, ledger: Ledger, rows: Datum[tuple[Regeneration, ...]]
) -> RotationFacts:
    entries, identity = ledger.entries(), _identity_secrets(context)
    seen = rows.value if isinstance(rows, Known) else ()
    return RotationFacts(
        keys=Known(tuple(_keys(context, ledger, seen, _listed(identity)))),
        regenerations=_watched(rows, tuple(_windows(ledger)), context.policy.rotation),
        rotations=Known(tuple(_rotation(entry) for entry in entries)),
        leftovers=Known(tuple(_leftovers(context.settings, entries))),
        identity_secrets=identity,
        rehearsal=context.evidence,
        first_audit=first_audit(context),
    )


def _rows(context: Context) -> Datum[tuple[Regeneration, ...]]:
    """The rows of Intercom's log about new keys."""
    try:
        since = context.clock() - _LOOK_BACK
        found: Listing[Activity] = context.client.activity_logs(since, event_types=_TYPES)
        return found.datum(tuple(sorted(map(_row, found), key=lambda row: (row.at, row.id))))
    except RunbookError as error:
        return Unavailable(reason=str(error), call="POST /admins/activity_logs/search")


def _row(found: Activity) -> Regeneration:
    metadata = found.metadata if isinstance(found.metadata, dict) else {}
    app = metadata.get("app_package_name")
    return Regeneration(
        id=found.id,
        at=datetime.fromtimestamp(found.created_at, UTC),
        activity_type=found.activity_type,
        by=(found.performed_by and found.performed_by.email) or "",
        description=found.activity_description or "",
        app=printable(app) if isinstance(app, str) else "",
    )


def _watched(
    rows: Datum[tuple[Regeneration, ...]], windows: Sequence[CreationWindow], policy: RotationPolicy
) -> Datum[tuple[Regeneration, ...]]:
    limit = timedelta(days=policy.max_open_days)
    return rows.map(lambda found: _marked(found, recorded(windows, found, policy.apps, limit)))


def _marked(rows: Iterable[Regeneration], explained: frozenset[str]) -> tuple[Regeneration, ...]:
    return tuple(
        row.model_copy(update={"recorded": row.id in explained})
        for row in rows
        if row.activity_type in WATCHED
    )


def _windows(ledger: Ledger) -> Iterator[CreationWindow]:
    for entry in ledger.entries():
        staged = ledger.last_event(entry, "move", State.STAGED)
        yield CreationWindow(entry, staged.at if staged else "")


def _keys(
    context: Context,
    ledger: Ledger,
    rows: Sequence[Regeneration],
    listed: datetime | None,
) -> Iterator[KeyAge]:
    entries = ledger.entries()
    for credential in context.settings.credentials():
        first = ledger.first_seen(credential.variable, credential.kind, credential.fingerprint)
        yield age_of(
            credential,
            entries,
            rows,
            parse_time(first),
            app=context.policy.rotation.apps.get(credential.variable, ""),
            listed=listed if credential.kind == "identity_secret" else None,
        )


def _listed(secrets: Datum[tuple[ListedIdentitySecret, ...]]) -> datetime | None:
    """The date of the identity secret if there is only one: then it is ours."""
    known = secrets.value if isinstance(secrets, Known) else ()
    return known[0].created_at if len(known) == 1 else None


def _rotation(entry: LedgerEntry) -> RotationRecord:
    return RotationRecord(
        variable=entry.variable,
        kind=entry.kind,
        mode=entry.mode,
        compromised=entry.compromised,
        state=entry.state,
        reason=entry.reason,
        actor=entry.actor,
        opened_at=parse_time(entry.opened_at),
        moved_at=parse_time(entry.moved_at),
    )


def _leftovers(settings: Settings, entries: Sequence[LedgerEntry]) -> Iterator[Leftover]:
    """Files with the pending or previous secret of a rotation."""
    open_ones = {entry.variable for entry in entries if entry.open}
    named = [settings.env_file.parent] if settings.env_file else []
    folders = dict.fromkeys(folder.resolve() for folder in (settings.project, *named))
    for path in sorted(path for folder in folders for path in folder.glob("*.local")):
        if match := _WAITING.fullmatch(path.name):
            yield Leftover(name=path.name, explained=match["variable"] in open_ones)


def _identity_secrets(context: Context) -> Datum[tuple[ListedIdentitySecret, ...]]:
    """The live identity secrets of the workspace; Intercom never returns their values."""
    try:
        found: Listing[ListedSecret] = context.client.identity_secrets()
        return found.datum(tuple(map(_secret, found)))
    except RunbookError as error:
        return Unavailable(reason=str(error), call="GET /secure_mode_secrets")


def _secret(found: ListedSecret) -> ListedIdentitySecret:
    return ListedIdentitySecret(
        id=found.id,
        name=found.name or "",
        created_at=datetime.fromtimestamp(found.created_at, UTC),
    )
