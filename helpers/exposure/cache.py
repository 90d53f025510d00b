"""What was looked at before: `cache.db`, by rules and object. It holds fingerprints, no secret.

A repeat scan reads only what is new. What was found is kept with the object and told again while
the object exists, so the cache never hides a finding; so is what could not be opened in it. What
could not be read is not remembered. Other rules are another `identity`, and everything is new to
them. Several scans may share the file; a killed one keeps what it had written. The file can be
deleted at any time.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Final

from helpers.exposure.engine import Sighting
from helpers.exposure.items import NOTHING, Kept

__all__ = ["Cache"]

FILE_NAME: Final = "cache.db"
_VERSION: Final = 2
_BUSY_SECONDS: Final = 30.0
_FLUSH_SECONDS: Final = 1.0
_UNUSED_DAYS: Final = 60  # after which what other rules had looked at is forgotten
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rules (
    number INTEGER PRIMARY KEY, identity TEXT UNIQUE, used INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS looked (
    rules INTEGER NOT NULL, mark BLOB NOT NULL, kept TEXT, PRIMARY KEY (rules, mark)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (place TEXT PRIMARY KEY, note TEXT NOT NULL) STRICT;
"""


class Cache:
    """`cache.db` for one set of rules."""

    def __init__(self, folder: Path, identity: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / FILE_NAME
        self._pending: dict[bytes, str | None] = {}
        self._written = time.monotonic()
        try:
            self._open(identity)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged: it is disposable
            self._discard()
            self._open(identity)

    def _open(self, identity: str) -> None:
        self._db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            raise sqlite3.DatabaseError("another version's cache")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"PRAGMA user_version={_VERSION}")
        self._rules = self._number(identity)

    def _number(self, identity: str) -> int:
        now = int(time.time())
        found: tuple[int] = self._db.execute(
            "INSERT INTO rules (identity, used) VALUES (?, ?) "
            "ON CONFLICT (identity) DO UPDATE SET used = excluded.used RETURNING number",
            (identity, now),
        ).fetchone()
        since = now - _UNUSED_DAYS * 86_400
        for row in self._db.execute("SELECT number FROM rules WHERE used < ?", (since,)).fetchall():
            self._db.execute("DELETE FROM looked WHERE rules = ?", row)
            self._db.execute("DELETE FROM rules WHERE number = ?", row)
        return found[0]

    def _discard(self) -> None:
        self._db.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def known(self) -> set[str]:
        """The marks of everything these rules have looked at."""
        rows = self._db.execute(
            "SELECT lower(hex(mark)) FROM looked WHERE rules = ?", (self._rules,)
        )
        return {mark for (mark,) in rows}

    def kept(self) -> dict[str, Kept]:
        """What was found or could not be opened, by mark."""
        rows = self._db.execute(
            "SELECT lower(hex(mark)), kept FROM looked WHERE rules = ? AND kept IS NOT NULL",
            (self._rules,),
        )
        return {mark: _read(text) for mark, text in rows}

    def remember(self, mark: str, kept: Kept) -> None:
        """Keep what is in some bytes; written about once a second."""
        self._pending[bytes.fromhex(mark)] = _text(kept)

    def breathe(self) -> None:
        """Write what waits, if it is time."""
        if self._pending and time.monotonic() - self._written > _FLUSH_SECONDS:
            self._flush()

    def note(self, place: str) -> str:
        """What was written down about a place; empty for nothing."""
        row = self._db.execute("SELECT note FROM notes WHERE place = ?", (place,)).fetchone()
        return str(row[0]) if row else ""

    def write_note(self, place: str, note: str) -> None:
        """Write something down about a place. Where that fails, it is asked anew the next time."""
        with suppress(sqlite3.Error):
            self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (place, note))

    def _flush(self) -> None:
        """Write what waits. A cache that can't be written costs time the next time, no finding."""
        self._written = time.monotonic()
        rows = [(self._rules, mark, text) for mark, text in self._pending.items()]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO looked VALUES (?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
        else:
            self._pending.clear()

    def close(self) -> None:
        """Write the rest."""
        if self._pending:
            self._flush()
        self._db.close()


def _text(kept: Kept) -> str | None:
    if kept == NOTHING:
        return None
    seen = [[inner, *astuple(sighting)] for inner, sighting in kept.seen]
    return json.dumps([seen, kept.missed])


def _read(text: str) -> Kept:
    seen, missed = json.loads(text)
    return Kept(
        tuple((inner, Sighting(*fields)) for inner, *fields in seen),
        tuple((inner, reason) for inner, reason in missed),
    )
