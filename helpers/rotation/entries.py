"""A rotation and its history, as the ledger's rows hold them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from helpers.rotation.transitions import CLOSED, Mode, State

__all__ = ["Entry", "Event", "entry_of", "event_of", "row_of", "stamp"]


def stamp(moment: datetime) -> str:
    """A moment as the ledger writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Entry:
    """One rotation, as the ledger has it. Times are UTC, ISO 8601."""

    id: str
    variable: str
    kind: str
    mode: Mode
    compromised: bool
    state: State
    stood_at: str
    reason: str
    store: str
    actor: str
    old_fingerprint: str
    new_fingerprint: str
    opened_at: str
    moved_at: str

    @property
    def open(self) -> bool:
        """True until it is done, aborted or rolled back."""
        return self.state not in CLOSED

    @property
    def at(self) -> State:
        """The state the work goes on from."""
        return State(self.stood_at) if self.state is State.NEEDS_HUMAN else self.state


@dataclass(frozen=True)
class Event:
    """One line of a rotation's history."""

    number: int
    at: str
    actor: str
    what: str
    name: str
    detail: Mapping[str, Any]


def _values(entry: Entry) -> dict[str, Any]:
    return {field.name: getattr(entry, field.name) for field in fields(Entry)}


def row_of(entry: Entry) -> dict[str, Any]:
    """An entry as a row of `rotations`."""
    return {
        name: int(value) if isinstance(value, bool) else str(value)
        for name, value in _values(entry).items()
    }


def entry_of(row: sqlite3.Row) -> Entry:
    """The entry in a row of `rotations`."""
    values = {name: row[name] for name in row.keys() if name != "row_hash"}  # noqa: SIM118 (a Row iterates values)
    return Entry(
        **{
            **values,
            "mode": Mode(values["mode"]),
            "state": State(values["state"]),
            "compromised": bool(values["compromised"]),
        }
    )


def event_of(row: sqlite3.Row) -> Event:
    """The event in a row of `rotation_events`."""
    return Event(
        number=row["number"],
        at=row["at"],
        actor=row["actor"],
        what=row["what"],
        name=row["name"],
        detail=json.loads(row["detail"]),
    )
