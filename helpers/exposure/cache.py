"""The results of earlier scans: `cache.db`, by rules and content. It holds no secret.

A repeat scan reads only what is new. What was found in an object, or could not be opened in it, is
stored with the object and reported again while the object exists, so the cache never hides a
finding. Failures are not stored. Other rules have another `identity`, and to them everything is
new; if only the secrets in use are others, those are searched for by themselves. Several scans may
share the file, and a killed scan keeps what it had written. The file can be deleted at any time.
"""

from __future__ import annotations

import errno
import json
import sqlite3
import time
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Final

from helpers.core.redaction import KNOWN
from helpers.exposure.items import EMPTY_RESULT, ScanResult, SecretMatch
from helpers.system.files import state_folder

__all__ = ["ScanCache"]

FILE_NAME: Final = "cache.db"
_VERSION: Final = 2
_BUSY_SECONDS: Final = 30.0
_FLUSH_SECONDS: Final = 1.0
_UNUSED_DAYS: Final = 60  # after which the results of other rules are deleted
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rules (
    number INTEGER PRIMARY KEY, identity TEXT UNIQUE, used INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS looked (
    rules INTEGER NOT NULL, mark BLOB NOT NULL, kept TEXT, PRIMARY KEY (rules, mark)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (place TEXT PRIMARY KEY, note TEXT NOT NULL) STRICT;
"""


class ScanCache:
    """`cache.db` for one set of rules. In `looked`, `mark` is the cache key, `kept` the result."""

    def __init__(self, folder: Path, identity: str) -> None:
        self._path = state_folder(folder) / FILE_NAME
        if self._path.is_symlink():
            raise OSError(errno.ELOOP, "it is a symbolic link")
        self._pending: dict[bytes, str | None] = {}
        self._written = time.monotonic()
        try:
            self._open(identity)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged, and disposable
            self._delete()
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

    def _delete(self) -> None:
        self._db.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def keys(self) -> set[str]:
        """Return the cache keys of everything that these rules have scanned."""
        rows = self._db.execute(
            "SELECT lower(hex(mark)) FROM looked WHERE rules = ?", (self._rules,)
        )
        return {key for (key,) in rows}

    def results(self) -> dict[str, ScanResult]:
        """Return the results that are not empty, by cache key."""
        rows = self._db.execute(
            "SELECT lower(hex(mark)), kept FROM looked WHERE rules = ? AND kept IS NOT NULL",
            (self._rules,),
        )
        return {key: _decoded(text) for key, text in rows}

    def others(self) -> list[str]:
        """Return the identities of other rules with results, the last used first."""
        rows = self._db.execute(
            "SELECT identity FROM rules WHERE number <> ? ORDER BY used DESC, number DESC",
            (self._rules,),
        )
        return [identity for (identity,) in rows]

    def result_of(self, identity: str, cache_key: str) -> ScanResult | None:
        """Return the result of other rules; None if they have none for this key."""
        row = self._db.execute(
            "SELECT kept FROM looked JOIN rules ON rules = number WHERE identity = ? AND mark = ?",
            (identity, bytes.fromhex(cache_key)),
        ).fetchone()
        if row is None:
            return None
        return _decoded(row[0]) if row[0] else EMPTY_RESULT

    def store(self, cache_key: str, result: ScanResult) -> None:
        """Keep a result; results are written about once a second.

        One with a secret in a file's name is not kept: the next scan finds it again.
        """
        text = _encoded(result)
        if text is None or _is_safe(text):
            self._pending[bytes.fromhex(cache_key)] = text

    def flush_if_due(self) -> None:
        """Write pending results if it is time."""
        if self._pending and time.monotonic() - self._written > _FLUSH_SECONDS:
            self._flush()

    def note(self, place: str) -> str:
        """Return the note about a place; empty if there is none."""
        row = self._db.execute("SELECT note FROM notes WHERE place = ?", (place,)).fetchone()
        return str(row[0]) if row else ""

    def write_note(self, place: str, note: str) -> None:
        """Keep a note about a place, unless it names a file by a secret.

        If that fails, the next scan does the work again.
        """
        if not _is_safe(place + note):
            return
        with suppress(sqlite3.Error):
            self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (place, note))

    def _flush(self) -> None:
        """Write pending results. If that fails, the next scan takes longer and finds the same."""
        self._written = time.monotonic()
        rows = [(self._rules, key, text) for key, text in self._pending.items()]
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
        """Write pending results and close the database."""
        if self._pending:
            self._flush()
        self._db.close()


def _is_safe(text: str) -> bool:
    return KNOWN.text(text) == text


def _encoded(result: ScanResult) -> str | None:
    if result == EMPTY_RESULT:
        return None
    matches = [[inner, *astuple(match)] for inner, match in result.matches]
    return json.dumps([matches, result.skipped])


def _decoded(text: str) -> ScanResult:
    matches, skipped = json.loads(text)
    return ScanResult(
        tuple((inner, SecretMatch(*fields)) for inner, *fields in matches),
        tuple((inner, reason) for inner, reason in skipped),
    )
