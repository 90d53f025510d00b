"""Open `state.db`: private, durable, up to date and checked.

A migration is a file `migrations/000N_name.sql`. The table `migrations` says which were applied, so
that each is applied once, by number, also where a lower one arrives later; `PRAGMA user_version`
holds the highest, by which an older runbook recognises a file that is too new for it.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from helpers.core.errors import StateError
from helpers.system.files import state_folder
from helpers.system.state.integrity import damaged, verify

__all__ = ["FILE_NAME", "migrations", "open_state", "writing"]

FILE_NAME: Final = "state.db"
_BUSY_SECONDS: Final = 20.0
_APPLIED: Final = (
    "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT) STRICT"
)


def open_state(folder: Path) -> sqlite3.Connection:
    """A connection to the profile's `state.db`, made or migrated as needed.

    Transactions are explicit: `with writing(connection): …`. Rows come as `sqlite3.Row`. The file
    is 0600, its folder 0700. Raises StateError where the file is damaged, was written by a newer
    runbook, or can't be opened.
    """
    path = folder / FILE_NAME
    try:
        _make_private(folder, path)
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        with _closed_on_error(connection):
            _prepare(connection, path)
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    except sqlite3.OperationalError as error:  # locked, unreadable, a disk that is full
        raise _refused(path, str(error)) from None
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from None
    return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction, which has the write lock from its first moment on.

    Committed at the end, rolled back where anything is raised.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def migrations() -> Mapping[int, tuple[str, str]]:
    """Number, name and SQL of every migration there is, in order."""
    found = (f for f in files("helpers.system.state").joinpath("migrations").iterdir())
    named = sorted((f.name, f) for f in found if f.name.endswith(".sql"))
    return {int(name[:4]): (name, file.read_text("utf-8")) for name, file in named}


def _make_private(folder: Path, path: Path) -> None:
    state_folder(folder)
    folder.chmod(0o700)
    if not os.path.lexists(path):
        _create(path)
    if path.is_symlink() or not path.is_file():
        raise OSError(errno.ELOOP, "it is no regular file")
    if not path.stat().st_size:
        raise damaged(path, "it is empty")
    path.chmod(0o600)


def _create(path: Path) -> None:
    """Put a database without tables in place, 0600, never a file without content.

    So an empty file is one that was emptied. No descriptor of it is closed once it is in place:
    closing any descriptor of a file drops all of the process's POSIX locks on it, also those of
    another connection (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".state-")
    os.close(descriptor)
    try:
        with closing(sqlite3.connect(name)) as connection:
            connection.executescript("CREATE TABLE made (x); DROP TABLE made;")
        os.link(name, path)
    except FileExistsError:
        pass  # another process was quicker
    finally:
        Path(name).unlink()


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode = TRUNCATE", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    _refuse_newer(connection, path)
    verify(connection, path)
    _migrate(connection, path)


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    newest = max(migrations(), default=0)
    if version > newest:
        raise StateError(
            f"{path} was written by a newer runbook (version {version}, this one knows {newest}).",
            "Update the runbook, or set RUNBOOK_STATE_HOME to another folder.",
        )


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    for number in _pending(connection):
        _back_up(connection, path, number)
        _apply(connection, number)


def _pending(connection: sqlite3.Connection) -> list[int]:
    exists = "SELECT 1 FROM sqlite_schema WHERE name = 'migrations'"
    if not connection.execute(exists).fetchone():
        return list(migrations())
    applied = {row[0] for row in connection.execute("SELECT number FROM migrations")}
    return [number for number in migrations() if number not in applied]


def _back_up(connection: sqlite3.Connection, path: Path, number: int) -> None:
    """Copy a database that holds something, as it is before this migration."""
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        return
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=".state-")  # 0600, and empty
    os.close(descriptor)
    try:
        connection.execute("VACUUM INTO ?", (partial,))
        Path(partial).replace(path.with_name(f"{path.name}.before-{number:04}"))
    finally:
        Path(partial).unlink(missing_ok=True)


def _apply(connection: sqlite3.Connection, number: int) -> None:
    name, sql = migrations()[number]
    with writing(connection):
        if number not in _pending(connection):
            return  # another process was quicker
        connection.execute(_APPLIED)
        for statement in _statements(sql):
            connection.execute(statement)
        connection.execute("INSERT INTO migrations VALUES (?, ?)", (number, name))
        highest = connection.execute("SELECT max(number) FROM migrations").fetchone()[0]
        connection.execute(f"PRAGMA user_version = {highest:d}")


def _statements(sql: str) -> Iterator[str]:
    """Split a script at its semicolons, not those in strings, comments and triggers."""
    statement = ""
    for part in sql.split(";")[:-1]:
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _refused(path: Path, reason: str) -> StateError:
    return StateError(
        f"{path} can't be used: {reason}.",
        "Check the folder's rights, or set RUNBOOK_STATE_HOME to another one.",
    )
