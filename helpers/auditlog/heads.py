"""The head of each log, saved in `state.db`, apart from the log, so that a cut shows.

Heads are saved at the seals, at most once a second, and when a log is closed; not with every
record, because a database commit costs four times an append. Records that a killed process wrote
after the last saved head can therefore be cut without a trace in `state.db`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from helpers.auditlog.entries import timestamp
from helpers.auditlog.records import Anchor
from helpers.core.errors import StateError

__all__ = ["HeadStore", "head_writer", "read_head"]

_SECONDS: Final = 1.0  # between two saved heads
_SAVE: Final = """
INSERT INTO audit_heads (log, seq, hash, noted_at) VALUES (?, ?, ?, ?)
ON CONFLICT (log) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
  noted_at = excluded.noted_at WHERE excluded.seq > audit_heads.seq OR ?
"""


class HeadStore:
    """Saves the head of a log that is being written, from time to time."""

    def __init__(self, state: Path, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock
        self._saved_at = 0.0
        self.moved = False  # since it was saved
        self.head_error = ""  # why the last save failed; empty if it succeeded

    @property
    def due(self) -> bool:
        """Whether the last save is long enough ago."""
        return time.monotonic() - self._saved_at > _SECONDS

    def save(self, log: str, head: Anchor, *, back: bool = False) -> None:
        """Save the head. A failure loses no record: `head_error` reports it, nothing is raised."""
        try:
            with head_writer(self._state) as write:
                write(log, head, self._clock(), back=back)
            self.head_error, self._saved_at, self.moved = "", time.monotonic(), False
        except StateError as error:
            self.head_error = error.message

    def cut(self, log: str, found: Anchor) -> Mapping[str, str | int]:
        """Metadata for a log that ends before its saved head, or differs there; else {}."""
        saved = read_head(self._state, log)
        if saved is None or saved.seq < found.seq or saved == found:
            return {}
        return {
            "expected_seq": saved.seq,
            "expected_hash": saved.hash,
            "found_seq": found.seq,
        }


class HeadWriter(Protocol):
    """Saves the head of a log; it only moves forward, unless `back` is set."""

    def __call__(self, log: str, head: Anchor, at: datetime, *, back: bool = False) -> None:
        """Raises StateError if it can't be saved."""


@contextmanager
def head_writer(state: Path) -> Iterator[HeadWriter]:
    """Open `state.db` to save heads. Raises StateError if it can't be used."""
    from helpers.system.state import open_state

    with closing(open_state(state)) as connection:

        def write(log: str, head: Anchor, at: datetime, *, back: bool = False) -> None:
            values = (log, head.seq, head.hash, timestamp(at), back)
            try:
                connection.execute(_SAVE, values)
            except sqlite3.Error as error:
                raise StateError(
                    f"The head of the audit log can't be saved: {error}.",
                    "The records are safe. Free some space, or find what locks state.db.",
                ) from None

        yield write


def read_head(state: Path, log: str) -> Anchor | None:
    """The head last saved for a log; does not create `state.db` if it is missing."""
    from helpers.system.state import open_state
    from helpers.system.state.database import FILE_NAME

    if not (state / FILE_NAME).is_file():
        return None
    with closing(open_state(state)) as connection:
        query = "SELECT seq, hash FROM audit_heads WHERE log = ?"
        row = connection.execute(query, (log,)).fetchone()
    return Anchor(seq=row[0], hash=row[1]) if row else None
