"""Since when a key exists, by the best witness: ledger, Intercom's log, or a first sight of it.

Intercom's log names an app, not a key, and `/me` does not say which app a token belongs to: a row
is exact only where the policy names the key's app, or where the log speaks of one app alone;
otherwise the newest row before the key was first seen is a lower bound of its age.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from helpers.core.settings import Credential
from helpers.rotation.ledger import Entry
from helpers.rotation.records import KeyAge, KnownBy, Regeneration
from helpers.rotation.transitions import Mode, State

__all__ = ["MAKING", "WATCHED", "age_of", "parse", "recorded_by"]

# The rows that say that a secret of this kind was made. Intercom's log has none for client secrets
# and Fin Agent secrets.
MAKING: Final[Mapping[str, frozenset[str]]] = {
    "access_token": frozenset({"app_package_token_regeneration", "app_package_installation"}),
    "identity_secret": frozenset({"messenger_api_secret_creation"}),
    "client_secret": frozenset(),
    "fin_agent_secret": frozenset(),
}
# The rows of which each should belong to a rotation of the ledger.
WATCHED: Final = frozenset({"app_package_token_regeneration", "messenger_api_secret_creation"})
_SLACK: Final = timedelta(minutes=5)  # clocks differ, and a person clicks before they paste


def parse(moment: str) -> datetime:
    """A moment as the ledger writes it."""
    return datetime.fromisoformat(moment)


def age_of(
    credential: Credential,
    entries: Iterable[Entry],
    rows: Sequence[Regeneration],
    first_seen: datetime,
    *,
    app: str = "",
    listed: datetime | None = None,
) -> KeyAge:
    """Since when this key exists, and how that is known.

    `app` is the app the policy names for it; `listed` the date of the one secret of its kind that
    the workspace lists.
    """
    since, known_by, exact = (
        _by_ledger(credential, entries)
        or ((listed, KnownBy.WORKSPACE, True) if listed and listed <= first_seen else None)
        or _by_log(credential.kind, rows, first_seen, app)
        or (first_seen, KnownBy.FIRST_SEEN, False)
    )
    return KeyAge(
        variable=credential.variable,
        kind=credential.kind,
        fingerprint=credential.fingerprint,
        origin=credential.origin,
        since=since,
        known_by=known_by,
        exact=exact,
    )


def recorded_by(entries: Iterable[Entry], row: Regeneration, apps: Mapping[str, str]) -> bool:
    """Whether a rotation of the ledger was under way when this row was written.

    One in place explains rows of its own app alone, where the policy names that (`apps`, by
    variable); one in overlap makes a second app, whose name nobody knows beforehand.
    """
    return any(
        parse(e.opened_at) - _SLACK <= row.at <= _until(e) + _SLACK
        and row.activity_type in MAKING[e.kind]
        and (e.mode is Mode.OVERLAP or not apps.get(e.variable) or row.concerns(apps[e.variable]))
        for e in entries
    )


def _until(entry: Entry) -> datetime:
    """An open rotation may still make its key; a closed one made it before it was closed."""
    return (
        datetime.max.replace(tzinfo=parse(entry.moved_at).tzinfo) - _SLACK * 2
        if (entry.open)
        else parse(entry.moved_at)
    )


def _by_ledger(
    credential: Credential, entries: Iterable[Entry]
) -> tuple[datetime, KnownBy, bool] | None:
    found = [
        e
        for e in entries
        if e.new_fingerprint == credential.fingerprint and e.state is not State.ABORTED
    ]
    return (parse(found[0].opened_at), KnownBy.LEDGER, True) if found else None


def _by_log(
    kind: str, rows: Sequence[Regeneration], first_seen: datetime, app: str
) -> tuple[datetime, KnownBy, bool] | None:
    fitting = [r for r in rows if r.activity_type in MAKING[kind] and r.at <= first_seen]
    if app:
        fitting = [r for r in fitting if r.concerns(app)]
    if not fitting:
        return None
    one_app = len({r.app or r.description for r in fitting}) == 1
    return max(r.at for r in fitting), KnownBy.ACTIVITY_LOG, bool(app) or one_app
