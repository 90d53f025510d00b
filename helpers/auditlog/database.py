"""DuckDB, kept within bounds: how much memory it takes, and where it puts what does not fit.

The rows name people, so what spills goes into the folder that holds them anyway, never into the
current one, which is DuckDB's default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from helpers.core.errors import StateError

if TYPE_CHECKING:
    import duckdb

__all__ = ["open_database", "sql_list"]

_MEMORY: Final = "512MB"  # of its buffers; the process takes a little more
_SPILL: Final = ".spill"


@contextmanager
def open_database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that spills into a folder. It fetches no extension.

    Raises StateError for a disk that refuses and for a file that is damaged.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "memory_limit": _MEMORY,
            "temp_directory": str(folder / _SPILL),
            "preserve_insertion_order": "false",  # else a file is written from memory as a whole
        }
    )
    try:
        yield connection
    except (duckdb.InvalidInputException, duckdb.SerializationException):
        raise StateError(
            "The fetched activity log is damaged.",
            "Delete the folder `activity` of this profile's state: it is fetched again.",
        ) from None
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StateError(
            f"The activity log in {folder} can't be used: {_reason(error)}.",
            "Make room, or give this user access.",
        ) from None
    finally:
        connection.close()


def _reason(error: Exception) -> str:
    """DuckDB's own, without its kind and advice, which take several lines."""
    return str(error).splitlines()[0].partition(": ")[2].rstrip(".").lower()


def sql_list(paths: Iterable[Path]) -> str:
    """Paths as a list in SQL."""
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
