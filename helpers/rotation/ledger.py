"""The rotation ledger in `state.db`: what was meant, what was done, by whom, and what proved it.

It knows secrets by fingerprint only. A move is a compare-and-swap on the state, recorded in one
transaction with its event; an intent is recorded before the effect it speaks of. Rows carry a hash
that the state store checks whenever it opens the file.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from helpers.core.errors import LockedError, StateError
from helpers.rotation.entries import Entry, Event, entry_of, event_of, row_of, stamp
from helpers.rotation.transitions import Mode, State, may_move
from helpers.system.state import seal, writing

__all__ = ["Entry", "Event", "Ledger", "stamp"]

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
        record: Callable[..., object] = lambda _action, **_told: None,
    ) -> None:
        self._db = connection
        self._record_move = record  # told of each move, once it is in the ledger
        self._clock = clock
        self._new_id: Callable[[], str] = partial(secrets.token_hex, 8)
        self.actor = actor

    def number_ids(self) -> None:
        """Count instead of drawing: for the sandbox, where every run is the same."""
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
    ) -> Entry:
        """Begin a rotation, with what was observed before. Raises LockedError if one is open."""
        now = stamp(self._clock())
        entry = Entry(
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
            raise self._held(variable) from None
        self._tell(entry)
        return entry

    def move(
        self,
        entry: Entry,
        state: State,
        *,
        reason: str = "",
        stood_at: State | None = None,
        new_fingerprint: str = "",
        **detail: Any,
    ) -> Entry:
        """Go to `state`, or fail: another process may have been quicker.

        `reason` and `stood_at` (where to go on from; else here) are for NEEDS_HUMAN, out of which
        the way leads back there or to an end. Raises StateError and LockedError.
        """
        back = entry.state is State.NEEDS_HUMAN and state is entry.at
        if not back and not may_move(entry.at, state, compromised=entry.compromised):
            raise StateError(
                f"A rotation can't go from {entry.state} to {state}.",
                "See `runbook rotate status`.",
            )
        moved = replace(
            entry,
            state=state,
            stood_at=(stood_at or entry.at) if state is State.NEEDS_HUMAN else "",
            reason=reason,
            new_fingerprint=new_fingerprint or entry.new_fingerprint,
            moved_at=stamp(self._clock()),
        )
        said = {"reason": reason} if reason else {}
        said |= {"fingerprint": new_fingerprint} if new_fingerprint else {}
        with writing(self._db):
            self._replace(entry, moved)
            self._append(entry.id, "move", state, {**detail, **said})
        self._tell(moved, before=entry.state)
        return moved

    def intend(self, entry: Entry, effect: str, **detail: Any) -> None:
        """Record what is about to be done, before it is done."""
        self._record(entry, "intent", effect, detail)

    def prove(self, entry: Entry, proof: str, **detail: Any) -> None:
        """Record what was observed."""
        self._record(entry, "evidence", proof, detail)

    def confirm(self, entry: Entry, consumer: str, **detail: Any) -> None:
        """Record that a consumer uses a key, how that is known and who said it."""
        self._record(entry, "confirmation", consumer, detail)

    def entry(self, rotation: str) -> Entry:
        """The rotation with this id, as it stands now."""
        row = self._db.execute("SELECT * FROM rotations WHERE id = ?", (rotation,)).fetchone()
        if row is None:
            raise StateError(f"There is no rotation {rotation}.", "See `runbook rotate status`.")
        return entry_of(row)

    def open_entry(self, variable: str) -> Entry | None:
        """The open rotation of a credential."""
        return next((e for e in self.entries() if e.variable == variable and e.open), None)

    def entries(self) -> tuple[Entry, ...]:
        """Every rotation, oldest first."""
        rows = self._db.execute("SELECT * FROM rotations ORDER BY opened_at, rowid")
        return tuple(entry_of(row) for row in rows)

    def events(self, entry: Entry) -> tuple[Event, ...]:
        """The history of a rotation, oldest first."""
        rows = self._db.execute(
            "SELECT * FROM rotation_events WHERE rotation = ? ORDER BY number", (entry.id,)
        )
        return tuple(event_of(row) for row in rows)

    def last(self, entry: Entry, what: str, name: str) -> Event | None:
        """The newest event of this sort and name."""
        found = [e for e in self.events(entry) if (e.what, e.name) == (what, name)]
        return found[-1] if found else None

    def sighted(self, variable: str, kind: str, fingerprint: str) -> str:
        """When this secret was first seen here; now, if it is new."""
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

    def _tell(self, entry: Entry, *, before: str = "") -> None:
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

    def _record(self, entry: Entry, what: str, name: str, detail: Mapping[str, Any]) -> None:
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

    def _replace(self, old: Entry, new: Entry) -> None:
        row = seal(row_of(new))
        changes = ", ".join(f"{name} = :{name}" for name in row)
        changed = self._db.execute(
            f"UPDATE rotations SET {changes} WHERE id = :id AND state = :was AND moved_at = :then",  # noqa: S608 (our own columns)
            {**row, "was": old.state, "then": old.moved_at},
        )
        if changed.rowcount != 1:
            raise LockedError(
                f"Someone else has moved the rotation of {old.variable} on.",
                "`runbook rotate status` shows where it stands; then --resume.",
            )

    def _held(self, variable: str) -> LockedError:
        held = self.open_entry(variable)
        who = (
            f"{held.actor} opened it on {held.opened_at}; it stands at {held.state}"
            if held
            else "it has just been closed"
        )
        return LockedError(
            f"A rotation of {variable} is open: {who}.",
            "Go on with --resume, or give it up with --abort.",
        )
