"""How far a log was known to reach, in `state.db`: a place apart from the log, so a cut shows.

Heads are noted at the seals, once a second at most, and when a log is closed; not with every
record, since a commit costs four times what an append does. So a cut of what a killed process wrote
after that can't be told, by this means, from its never having been written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from helpers.auditlog.entries import timestamp
from helpers.auditlog.records import Anchor
from helpers.errors import StateError

__all__ = ["noting", "read_noted_head"]

_NOTE: Final = """
INSERT INTO audit_heads (log, seq, hash, noted_at) VALUES (?, ?, ?, ?)
ON CONFLICT (log) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
  noted_at = excluded.noted_at WHERE excluded.seq > audit_heads.seq OR ?
"""


class Note(Protocol):
    """Remembers the head of a log, which only goes forward unless told `back`."""

    def __call__(self, log: str, head: Anchor, at: datetime, *, back: bool = False) -> None:
        """Raises StateError where it can't be kept."""


@contextmanager
def noting(state: Path) -> Iterator[Note]:
    """Open `state.db` to note heads. Raises StateError where it can't be used."""
    from helpers.state import open_state

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


def read_noted_head(state: Path, log: str) -> Anchor | None:
    """The head last noted for a log, without making a `state.db` where there is none."""
    from helpers.state import open_state
    from helpers.state.database import FILE_NAME

    if not (state / FILE_NAME).is_file():
        return None
    with closing(open_state(state)) as connection:
        query = "SELECT seq, hash FROM audit_heads WHERE log = ?"
        row = connection.execute(query, (log,)).fetchone()
    return Anchor(seq=row[0], hash=row[1]) if row else None
