"""How far a log was known to reach, in `state.db`: a place apart from the log, so a cut shows.

Heads are noted at the seals, once a second at most, and when a log is closed; not with every
record, since a commit costs four times what an append does. So a cut of what a killed process wrote
after that can't be told, by this means, from its never having been written.
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

_SECONDS: Final = 1.0  # between two notes
_NOTE: Final = """
INSERT INTO audit_heads (log, seq, hash, noted_at) VALUES (?, ?, ?, ?)
ON CONFLICT (log) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
  noted_at = excluded.noted_at WHERE excluded.seq > audit_heads.seq OR ?
"""


class HeadStore:
    """The head of a log that is being written, as it is noted now and then."""

    def __init__(self, state: Path, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock
        self._noted = 0.0
        self.moved = False  # since it was noted
        self.head_error = ""  # why it could not be kept; empty: it was

    @property
    def due(self) -> bool:
        """Whether the last time is long enough ago."""
        return time.monotonic() - self._noted > _SECONDS

    def note(self, log: str, head: Anchor, *, back: bool = False) -> None:
        """Keep the head. A failure here loses no record, so it is told, not raised."""
        try:
            with head_writer(self._state) as keep:
                keep(log, head, self._clock(), back=back)
            self.head_error, self._noted, self.moved = "", time.monotonic(), False
        except StateError as error:
            self.head_error = error.message

    def cut(self, log: str, found: Anchor) -> Mapping[str, str | int]:
        """What was known of a log that ends before it, or otherwise; {} where it is as known."""
        noted = read_head(self._state, log)
        if noted is None or noted.seq < found.seq or noted == found:
            return {}
        return {
            "expected_seq": noted.seq,
            "expected_hash": noted.hash,
            "found_seq": found.seq,
        }


class HeadWriter(Protocol):
    """Remembers the head of a log, which only goes forward unless told `back`."""

    def __call__(self, log: str, head: Anchor, at: datetime, *, back: bool = False) -> None:
        """Raises StateError where it can't be kept."""


@contextmanager
def head_writer(state: Path) -> Iterator[HeadWriter]:
    """Open `state.db` to note heads. Raises StateError where it can't be used."""
    from helpers.system.state import open_state

    with closing(open_state(state)) as connection:

        def note(log: str, head: Anchor, at: datetime, *, back: bool = False) -> None:
            values = (log, head.seq, head.hash, timestamp(at), back)
            try:
                connection.execute(_NOTE, values)
            except sqlite3.Error as error:
                raise StateError(
                    f"The head of the audit log can't be kept: {error}.",
                    "The records are safe; make room, or look who holds state.db.",
                ) from None

        yield note


def read_head(state: Path, log: str) -> Anchor | None:
    """The head last noted for a log, without making a `state.db` where there is none."""
    from helpers.system.state import open_state
    from helpers.system.state.database import FILE_NAME

    if not (state / FILE_NAME).is_file():
        return None
    with closing(open_state(state)) as connection:
        query = "SELECT seq, hash FROM audit_heads WHERE log = ?"
        row = connection.execute(query, (log,)).fetchone()
    return Anchor(seq=row[0], hash=row[1]) if row else None
