"""The rotation ledger in `state.db`: what was intended, what was done, by whom, and the evidence.

It knows secrets by fingerprint only. A move is a compare-and-swap on the state, recorded in one
transaction with its event; an intent is recorded before its effect. Rows carry a hash that the
state store checks whenever it opens the file.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from helpers.core.errors import LockedError, StateError
from helpers.rotation.transitions import CLOSED, Mode, State, may_move
from helpers.system.state import seal, writing

__all__ = ["Ledger", "LedgerEntry", "LedgerEvent", "stamp"]

_INSERT_ENTRY = "INSERT INTO rotations VALUES ({})"
_INSERT_EVENT = "INSERT INTO rotation_events VALUES ({})"


class Ledger:
    """Reads and writes the rotations of one profile."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        clock: Callable[[], datetime],
        actor: str,
        record: Callable[..., object] = lambda _action, **_fields: None,
    ) -> None:
        self._db = connection
        self._record_move = record  # audit log, called once the move is in the ledger
        self._clock = clock
        self._new_id: Callable[[], str] = partial(secrets.token_hex, 8)
        self.actor = actor

    def use_sequential_ids(self) -> None:
        """Number the rotations instead of drawing random ids: sandbox runs are deterministic."""
        self._new_id = lambda: f"rehearsal-{len(self.entries()) + 1}"

    def open(
        self,
        *,
        variable: str,
        kind: str,
        mode: Mode,
        store: str,
        old_fingerprint: str,
        compromised: bool = False,
        evidence: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> LedgerEntry:
        """Open a rotation with the evidence so far. Raises LockedError if one is open."""
        now = stamp(self._clock())
        entry = LedgerEntry(
            id=self._new_id(),
            variable=variable,
            kind=kind,
            mode=mode,
            compromised=compromised,
            state=State.PLANNED,
            stood_at="",
            reason="",
            store=store,
            actor=self.actor,
            old_fingerprint=old_fingerprint,
            new_fingerprint="",
            opened_at=now,
            moved_at=now,
        )
        try:
            with writing(self._db):
                self._insert(_INSERT_ENTRY, row_of(entry))
                self._append(entry.id, "move", State.PLANNED, {"fingerprint": old_fingerprint})
                for proof, detail in (evidence or {}).items():
                    self._append(entry.id, "evidence", proof, detail)
        except sqlite3.IntegrityError:
            raise self._already_open(variable) from None
        self._audit(entry)
        return entry

    def move(
        self,
        entry: LedgerEntry,
        state: State,
        *,
        reason: str = "",
        stood_at: State | None = None,
        new_fingerprint: str = "",
        **detail: Any,
    ) -> LedgerEntry:
        """Move to `state`. Raises LockedError if another process was faster, and StateError.

        `reason` and `stood_at` are for NEEDS_HUMAN: `stood_at` is the state to resume from,
        by default the present one.
        """
        back = entry.state is State.NEEDS_HUMAN and state is entry.resumes_at
        if not back and not may_move(entry.resumes_at, state, compromised=entry.compromised):
            raise StateError(
                f"A rotation can't move from {entry.state} to {state}.",
                "See `runbook rotate status`.",
            )
        moved = replace(
            entry,
            state=state,
            stood_at=(stood_at or entry.resumes_at) if state is State.NEEDS_HUMAN else "",
            reason=reason,
            new_fingerprint=new_fingerprint or entry.new_fingerprint,
            moved_at=stamp(self._clock()),
        )
        extra = {"reason": reason} if reason else {}
        extra |= {"fingerprint": new_fingerprint} if new_fingerprint else {}
        with writing(self._db):
            self._replace(entry, moved)
            self._append(entry.id, "move", state, {**detail, **extra})
        self._audit(moved, before=entry.state)
        return moved

    def intend(self, entry: LedgerEntry, effect: str, **detail: Any) -> None:
        """Record an effect before it happens."""
        self._record(entry, "intent", effect, detail)

    def prove(self, entry: LedgerEntry, proof: str, **detail: Any) -> None:
        """Record what was observed."""
        self._record(entry, "evidence", proof, detail)

    def confirm(self, entry: LedgerEntry, consumer: str, **detail: Any) -> None:
        """Record that a consumer uses a key, how that is known, and who confirmed it."""
        self._record(entry, "confirmation", consumer, detail)

    def entry(self, rotation: str) -> LedgerEntry:
        """The rotation with this id in its present state."""
        row = self._db.execute("SELECT * FROM rotations WHERE id = ?", (rotation,)).fetchone()
        if row is None:
            raise StateError(f"There is no rotation {rotation}.", "See `runbook rotate status`.")
        return entry_of(row)

    def open_entry(self, variable: str) -> LedgerEntry | None:
        """The open rotation of a credential."""
        return next((e for e in self.entries() if e.variable == variable and e.open), None)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Every rotation, oldest first."""
        rows = self._db.execute("SELECT * FROM rotations ORDER BY opened_at, rowid")
        return tuple(entry_of(row) for row in rows)

    def events(self, entry: LedgerEntry) -> tuple[LedgerEvent, ...]:
        """The history of a rotation, oldest first."""
        rows = self._db.execute(
            "SELECT * FROM rotation_events WHERE rotation = ? ORDER BY number", (entry.id,)
        )
        return tuple(event_of(row) for row in rows)

    def last_event(self, entry: LedgerEntry, what: str, name: str) -> LedgerEvent | None:
        """The newest event of this type and name."""
        found = [e for e in self.events(entry) if (e.what, e.name) == (what, name)]
        return found[-1] if found else None

    def first_seen(self, variable: str, kind: str, fingerprint: str) -> str:
        """When this secret was first seen here; now if it is new."""
        with writing(self._db):
            row = self._db.execute(
                "SELECT first_seen FROM key_sightings WHERE variable = ? AND fingerprint = ?",
                (variable, fingerprint),
            ).fetchone()
            if row:
                return str(row["first_seen"])
            now = stamp(self._clock())
            values = {
                "variable": variable,
                "kind": kind,
                "fingerprint": fingerprint,
                "first_seen": now,
            }
            self._insert("INSERT INTO key_sightings VALUES ({})", values)
        return now

    def _audit(self, entry: LedgerEntry, *, before: str = "") -> None:
        self._record_move(
            "runbook.rotation.move",
            resource={
                "id": entry.variable,
                "kind": entry.kind,
                "fingerprint": entry.new_fingerprint or entry.old_fingerprint,
            },
            state=str(entry.state),
            run_id=entry.id,
            reason=entry.reason,
            **{"from": str(before)},
        )

    def _record(self, entry: LedgerEntry, what: str, name: str, detail: Mapping[str, Any]) -> None:
        with writing(self._db):
            self._append(entry.id, what, name, detail)

    def _append(self, rotation: str, what: str, name: str, detail: Mapping[str, Any]) -> None:
        count = "SELECT count(*) FROM rotation_events WHERE rotation = ?"
        values = {
            "rotation": rotation,
            "number": self._db.execute(count, (rotation,)).fetchone()[0] + 1,
            "at": stamp(self._clock()),
            "actor": self.actor,
            "what": what,
            "name": str(name),
            "detail": json.dumps(detail, sort_keys=True),
        }
        self._insert(_INSERT_EVENT, values)

    def _insert(self, statement: str, values: Mapping[str, Any]) -> None:
        sealed = seal(values)
        marks = ", ".join(f":{name}" for name in sealed)
        self._db.execute(statement.format(marks), sealed)

    def _replace(self, old: LedgerEntry, new: LedgerEntry) -> None:
        row = seal(row_of(new))
        changes = ", ".join(f"{name} = :{name}" for name in row)
        changed = self._db.execute(
            f"UPDATE rotations SET {changes} WHERE id = :id AND state = :was AND moved_at = :then",  # noqa: S608 (our own columns)
            {**row, "was": old.state, "then": old.moved_at},
        )
        if changed.rowcount != 1:
            raise LockedError(
                f"Someone else has moved the rotation of {old.variable}.",
                "Check it with `runbook rotate status`, then use --resume.",
            )

    def _already_open(self, variable: str) -> LockedError:
        held = self.open_entry(variable)
        who = (
            f"{held.actor} opened it on {held.opened_at}; it is at {held.state}"
            if held
            else "it has just been closed"
        )
        return LockedError(
            f"A rotation of {variable} is open: {who}.",
            "Continue with --resume, or abort it with --abort.",
        )


def stamp(moment: datetime) -> str:
    """A time as the ledger writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class LedgerEntry:
    """One rotation, as a row of the ledger. Times are UTC, ISO 8601."""

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
    def resumes_at(self) -> State:
        """The state that a resume continues from."""
        return State(self.stood_at) if self.state is State.NEEDS_HUMAN else self.state


@dataclass(frozen=True)
class LedgerEvent:
    """One event of a rotation's history."""

    number: int
    at: str
    actor: str
    what: str
    name: str
    detail: Mapping[str, Any]


def _values(entry: LedgerEntry) -> dict[str, Any]:
    return {field.name: getattr(entry, field.name) for field in fields(LedgerEntry)}


def row_of(entry: LedgerEntry) -> dict[str, Any]:
    """An entry as a row of `rotations`."""
    return {
        name: int(value) if isinstance(value, bool) else str(value)
        for name, value in _values(entry).items()
    }


def entry_of(row: sqlite3.Row) -> LedgerEntry:
    """The entry in a row of `rotations`."""
    values = {name: row[name] for name in row.keys() if name != "row_hash"}  # noqa: SIM118 (a Row iterates values)
    return LedgerEntry(
        **{
            **values,
            "mode": Mode(values["mode"]),
            "state": State(values["state"]),
            "compromised": bool(values["compromised"]),
        }
    )


def event_of(row: sqlite3.Row) -> LedgerEvent:
    """The event in a row of `rotation_events`."""
    return LedgerEvent(
        number=row["number"],
        at=row["at"],
        actor=row["actor"],
        what=row["what"],
        name=row["name"],
        detail=json.loads(row["detail"]),
    )
