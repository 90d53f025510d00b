"""Is `state.db` as it was written? SQLite's own check, and a hash on each row that matters.

SQLite's `integrity_check` looks at structure and misses a flipped bit inside a value. A table with
a column `row_hash` is checked row by row: `seal` computes the hash of a row that is to be written.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from helpers.core.errors import StateError

__all__ = ["damaged", "damaged_rows", "row_hash", "seal", "verify"]


def row_hash(values: Mapping[str, Any]) -> str:
    """SHA-256 over a row's columns by name, without `row_hash` itself."""
    columns = {name: _plain(value) for name, value in values.items() if name != "row_hash"}
    return hashlib.sha256(json.dumps(columns, sort_keys=True).encode()).hexdigest()


def seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its hash; `values` must name every column of the table."""
    return {**values, "row_hash": row_hash(values)}


def damaged_rows(connection: sqlite3.Connection) -> Iterator[str]:
    """`table row N` for each row whose hash isn't its own, over all tables with a `row_hash`."""
    tables = [row[0] for row in connection.execute(_HASHED)]
    for table in tables:
        rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 (our own schema)
        for number, row in enumerate(rows, 1):
            if row["row_hash"] != row_hash(dict(row)):
                yield f"{table} row {number}"


def verify(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StateError where anything in the database is damaged."""
    problems = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    problems += [f"{row[0]} row {row[1]}" for row in connection.execute("PRAGMA foreign_key_check")]
    problems = [*(p for p in problems if p != "ok"), *damaged_rows(connection)]
    if problems:
        raise damaged(path, problems[0])


def damaged(path: Path, problem: str) -> StateError:
    """The error for a file that isn't as it was written; names the newest backup."""
    backups = sorted(path.parent.glob(f"{path.name}.before-????"))
    copy = f" {backups[-1].name} is the copy from before the last migration." if backups else ""
    return StateError(
        f"{path} is damaged: {problem}.",
        f"Move the file away and keep it; the next run starts a new one.{copy}",
    )


_HASHED = """
SELECT t.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
WHERE t.type = 'table' AND c.name = 'row_hash' ORDER BY t.name
"""


def _plain(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value
