"""What was looked at before: `cache.db`, by rules and object. It holds fingerprints, no secret.

A repeat scan reads only what is new. What was found is kept with the object and told again while
the object exists, so the cache never hides a finding; what could not be looked at is not
remembered. Other rules are another `identity`, and everything is new to them. Several scans may
share the file; a killed one keeps what it had written. The file can be deleted at any time.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final, Protocol

from helpers.exposure.engine import Sighting
from helpers.exposure.items import Looked

__all__ = ["Cache", "Memory", "NoCache"]

FILE_NAME: Final = "cache.db"
_VERSION: Final = 1
_BUSY_SECONDS: Final = 30.0
_FLUSH_SECONDS: Final = 1.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rules (number INTEGER PRIMARY KEY, identity TEXT UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS looked (
    rules INTEGER NOT NULL, mark BLOB NOT NULL, seen TEXT, PRIMARY KEY (rules, mark)
) STRICT, WITHOUT ROWID;
"""

Seen = tuple[tuple[str, Sighting], ...]


class Memory(Protocol):
    """What a scan remembers."""

    def known(self) -> set[str]:
        """The marks of everything that was looked at."""

    def seen(self) -> dict[str, Seen]:
        """What was found, by mark."""

    def remember(self, looked: Iterable[Looked]) -> None:
        """Keep what was looked at wholly."""

    def close(self) -> None:
        """Write what is not written yet."""


class NoCache:
    """Remembers nothing."""

    def known(self) -> set[str]:
        """Nothing."""
        return set()

    def seen(self) -> dict[str, Seen]:
        """Nothing."""
        return {}

    def remember(self, looked: Iterable[Looked]) -> None:
        """Forget it."""

    def close(self) -> None:
        """Nothing to write."""


class Cache:
    """`cache.db` for one set of rules."""

    def __init__(self, folder: Path, identity: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / FILE_NAME
        self._pending: list[tuple[int, bytes, str | None]] = []
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
        self._db.execute("INSERT OR IGNORE INTO rules (identity) VALUES (?)", (identity,))
        row = self._db.execute("SELECT number FROM rules WHERE identity = ?", (identity,))
        self._rules: int = row.fetchone()[0]

    def _discard(self) -> None:
        self._db.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def known(self) -> set[str]:
        """The marks of everything these rules have looked at."""
        rows = self._db.execute("SELECT mark FROM looked WHERE rules = ?", (self._rules,))
        return {mark.hex() for (mark,) in rows}

    def seen(self) -> dict[str, Seen]:
        """What was found, by mark."""
        rows = self._db.execute(
            "SELECT mark, seen FROM looked WHERE rules = ? AND seen IS NOT NULL", (self._rules,)
        )
        return {mark.hex(): _read(text) for mark, text in rows}

    def remember(self, looked: Iterable[Looked]) -> None:
        """Keep what was looked at wholly; written about once a second."""
        for one in looked:
            mark = one.item.mark or one.item.origin.name
            if one.item.whole and not one.missed:
                self._pending.append((self._rules, bytes.fromhex(mark), _text(one.seen)))
        if time.monotonic() - self._written > _FLUSH_SECONDS:
            self._flush()

    def _flush(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT OR REPLACE INTO looked VALUES (?, ?, ?)", self._pending)
        self._db.execute("COMMIT")
        self._pending.clear()
        self._written = time.monotonic()

    def close(self) -> None:
        """Write the rest. A cache that can't be written costs time the next time, no finding."""
        with suppress(sqlite3.Error):
            self._flush()
        self._db.close()


def _text(seen: Seen) -> str | None:
    return json.dumps([[inner, asdict(s)] for inner, s in seen]) if seen else None


def _read(text: str) -> Seen:
    return tuple((inner, Sighting(**fields)) for inner, fields in json.loads(text))
