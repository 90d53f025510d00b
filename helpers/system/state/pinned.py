"""The workspace that a state folder belongs to, kept from the first time it was seen."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from helpers.system.state.database import writing

__all__ = ["pin", "pinned_id"]


def pinned_id(connection: sqlite3.Connection) -> str:
    """The id of the workspace; empty if none was seen yet."""
    row = connection.execute("SELECT id_code FROM workspace").fetchone()
    return str(row["id_code"]) if row else ""


def pin(connection: sqlite3.Connection, id_code: str) -> None:
    """Keep the id for good; one that is kept already stays."""
    row = (1, id_code, datetime.now(UTC).isoformat(timespec="seconds"))
    with writing(connection):
        connection.execute("INSERT OR IGNORE INTO workspace VALUES (?, ?, ?)", row)
