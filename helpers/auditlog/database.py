"""DuckDB with limits on its memory, and a private folder for what does not fit.

The rows name people, so DuckDB spills into the folder that already holds them, not into the
current folder, which is its default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from helpers.core.errors import StateError

if TYPE_CHECKING:
    import duckdb

__all__ = ["open_database", "parquet_text", "sql_list"]

_MEMORY: Final = "512MB"  # for its buffers; the process takes a little more
_ROWS: Final = 5_000  # held in memory at a time
_SPILL: Final = ".spill"


@contextmanager
def open_database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory database that spills into a folder. It downloads no extension.

    Raises StateError if the disk refuses or a file is damaged.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "memory_limit": _MEMORY,
            "temp_directory": str(folder / _SPILL),
            "preserve_insertion_order": "false",  # otherwise a file is built in memory first
        }
    )
    try:
        connection.execute("SET enable_progress_bar = false")  # a notebook would show it
        yield connection
    except (duckdb.InvalidInputException, duckdb.SerializationException):
        raise StateError(
            "The fetched activity log is damaged.",
            "Delete the folder `activity` in this profile's state, then fetch again.",
        ) from None
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StateError(
            f"The activity log in {folder} can't be used: {_reason(error)}.",
            "Free some space, or give this user access.",
        ) from None
    finally:
        connection.close()


def parquet_text(path: Path) -> Iterator[bytes]:
    """Yield the values of a Parquet file, which compresses them, some thousand rows at a time.

    Raises StateError if the file is damaged.
    """
    with open_database(path.parent) as database:
        result = database.execute(f"SELECT * FROM read_parquet({sql_list([path])})")  # noqa: S608
        while rows := result.fetchmany(_ROWS):
            values = (str(value) for row in rows for value in row if value is not None)
            yield "\n".join(values).encode("utf-8", "replace")


def _reason(error: Exception) -> str:
    """DuckDB's message without its category and advice, which span several lines."""
    return str(error).splitlines()[0].partition(": ")[2].rstrip(".").lower()


def sql_list(paths: Iterable[Path]) -> str:
    """Paths as a list literal in SQL."""
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
