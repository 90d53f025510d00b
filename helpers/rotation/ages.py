"""How old a key is, by the best source: the ledger, Intercom's log, or when it was first seen.

Intercom's log names an app, not a key, and `/me` does not say which app a token belongs to. A row
is exact only if the policy names the key's app, or if the log mentions one app only. Otherwise the
newest row before the key was first seen is a lower bound of its age.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from helpers.core.settings import Credential
from helpers.rotation.ledger import LedgerEntry
from helpers.rotation.records import KeyAge, KnownBy, Regeneration
from helpers.rotation.transitions import Mode, State

__all__ = ["MAKING", "WATCHED", "CreationWindow", "age_of", "parse_time", "recorded"]

# The log's rows for a new secret of each kind. Intercom logs none for client secrets and Fin Agent
# secrets.
MAKING: Final[Mapping[str, frozenset[str]]] = {
    "access_token": frozenset({"app_package_token_regeneration", "app_package_installation"}),
    "identity_secret": frozenset({"messenger_api_secret_creation"}),
    "client_secret": frozenset(),
    "fin_agent_secret": frozenset(),
}
# Each of these rows should belong to a rotation in the ledger.
WATCHED: Final = frozenset({"app_package_token_regeneration", "messenger_api_secret_creation"})
_SLACK: Final = timedelta(minutes=5)  # clocks differ, and a person clicks before they paste


def parse_time(text: str) -> datetime:
    """Parse a time of the ledger."""
    return datetime.fromisoformat(text)


def age_of(
    credential: Credential,
    entries: Iterable[LedgerEntry],
    rows: Sequence[Regeneration],
    first_seen: datetime,
    *,
    app: str = "",
    listed: datetime | None = None,
) -> KeyAge:
    """When this key was created, and how that is known.

    `app` is the app that the policy names for it; `listed` is the date of the only secret of its
    kind in the workspace.
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


@dataclass(frozen=True)
class CreationWindow:
    """The time in which a rotation creates its key: from its opening until the key is staged."""

    entry: LedgerEntry
    staged_at: str = ""  # the last time; empty if it was never staged

    def includes(self, moment: datetime, limit: timedelta) -> bool:
        """Whether the key may date from this moment; `limit` ends a rotation that stays open."""
        opened = parse_time(self.entry.opened_at)
        if self.staged_at:
            end = parse_time(self.staged_at)
        else:
            end = opened + limit if self.entry.open else parse_time(self.entry.moved_at)
        return opened - _SLACK <= moment <= end + _SLACK


def recorded(
    windows: Iterable[CreationWindow],
    rows: Sequence[Regeneration],
    apps: Mapping[str, str],
    limit: timedelta,
) -> frozenset[str]:
    """The ids of the rows that a rotation in the ledger explains.

    An in-place rotation explains the rows of its own app. Where the policy does not name it
    (`apps`, by variable), and for the second app of an overlap rotation, whose name is not known in
    advance, it is the only app that was changed meanwhile and that is nobody else's; if there are
    several, which of them is its own can't be known, and none is explained.
    """
    return frozenset(row.id for window in windows for row in _own(window, rows, apps, limit))


def _own(
    window: CreationWindow,
    rows: Sequence[Regeneration],
    apps: Mapping[str, str],
    limit: timedelta,
) -> Sequence[Regeneration]:
    entry = window.entry
    within = [
        row
        for row in rows
        if row.activity_type in MAKING[entry.kind] and window.includes(row.at, limit)
    ]
    named = apps.get(entry.variable)
    if named and entry.mode is Mode.IN_PLACE:
        return [row for row in within if row.concerns(named)]
    unclaimed = [r for r in within if not any(r.concerns(app) for app in apps.values())]
    return unclaimed if len({_app_of(row) for row in unclaimed}) == 1 else []


def _app_of(row: Regeneration) -> str:
    """What a row says of its app: the end of the description, because only it names one."""
    return row.app or row.description.rpartition(" of ")[2].rpartition(" installed ")[2]


def _by_ledger(
    credential: Credential, entries: Iterable[LedgerEntry]
) -> tuple[datetime, KnownBy, bool] | None:
    found = [
        e
        for e in entries
        if e.new_fingerprint == credential.fingerprint and e.state is not State.ABORTED
    ]
    return (parse_time(found[0].opened_at), KnownBy.LEDGER, True) if found else None


def _by_log(
    kind: str, rows: Sequence[Regeneration], first_seen: datetime, app: str
) -> tuple[datetime, KnownBy, bool] | None:
    fitting = [r for r in rows if r.activity_type in MAKING[kind] and r.at <= first_seen]
    if app:
        fitting = [r for r in fitting if r.concerns(app)]
    if not fitting:
        return None
    named = {r.app or r.description for r in fitting}
    one_app = len(named) == 1 and "" not in named  # rows that name no app may be of many
    return max(r.at for r in fitting), KnownBy.ACTIVITY_LOG, bool(app) or one_app
