"""Fetched activity on disk: one Parquet file a month, and which days of it are complete.

`activity/2026-02.parquet` holds every row known of that month; `activity/coverage.json` names the
days that were over when they were fetched, which are never asked for again. A file is replaced as a
whole, and before the coverage that speaks of it, so a crash costs a second fetch and no row.

The rows name people and their addresses: folder 0700, files 0600, and `forget` drops old months.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from helpers.errors import StateError
from helpers.files import private_folder, write_private

if TYPE_CHECKING:
    import duckdb

__all__ = ["COLUMNS", "Partitions", "row_of"]

COLUMNS: Final[Mapping[str, str]] = {
    "id": "VARCHAR",
    "happened": "TIMESTAMP",
    "activity": "VARCHAR",
    "actor": "VARCHAR",
    "admin_id": "VARCHAR",
    "ip": "VARCHAR",
    "detail": "VARCHAR",
    "metadata": "VARCHAR",
}
_COVERAGE: Final = "coverage.json"


class Partitions:
    """The months in one folder. One writer at a time: the profile's lock sees to that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def covered(self) -> frozenset[date]:
        """The days that are complete."""
        try:
            stored = json.loads((self.folder / _COVERAGE).read_text("utf-8"))
            return frozenset(date.fromisoformat(day) for day in stored["days"])
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError, KeyError, TypeError):
            return frozenset()  # asked for again, and merged by id

    def missing(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """The runs of days from `first` to `last` that are not complete, newest first.

        No run crosses a month, so that each ends in one file.
        """
        covered = self.covered()
        day, end = last, None
        while day >= first:
            if day in covered:
                end = None
            else:
                end = end or day
                following = day - timedelta(days=1)
                closes = following < first or following in covered or following.month != day.month
                if closes:
                    yield day, end
                    end = None
            day -= timedelta(days=1)

    def add(self, rows: Iterable[Mapping[str, Any]], complete: Iterable[date]) -> None:
        """Merge rows by id, then note the days that are complete.

        Raises StateError where the folder or the disk refuses.
        """
        private_folder(self.folder)
        months: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows:
            months.setdefault(row["happened"][:7], []).append(row)
        for month, found in months.items():
            self._merge(month, found)
        days = self.covered() | set(complete)
        write_private(
            self.folder / _COVERAGE, json.dumps({"days": sorted(map(date.isoformat, days))})
        )

    def files(self) -> list[Path]:
        """The months there are, oldest first."""
        return sorted(self.folder.glob("????-??.parquet"))

    def forget(self, before: date) -> list[str]:
        """Drop whole months that ended before a day, and their coverage; the answer names them."""
        gone = [f for f in self.files() if _end_of(f.stem) <= before]
        months = {f.stem for f in gone}
        if gone:
            kept = sorted(d.isoformat() for d in self.covered() if d.isoformat()[:7] not in months)
            write_private(self.folder / _COVERAGE, json.dumps({"days": kept}))
        for file in gone:
            file.unlink()
        return sorted(months)

    def _merge(self, month: str, rows: list[Mapping[str, Any]]) -> None:
        target = self.folder / f"{month}.parquet"
        incoming = self.folder / f".{month}.jsonl"
        merged = self.folder / f".{month}.parquet"
        try:
            with _private(incoming) as stream:
                stream.writelines(json.dumps(row) + "\n" for row in rows)
            with _database() as database:
                database.execute(_merging(target if target.exists() else None, incoming, merged))
            merged.chmod(0o600)
            merged.replace(target)
        except OSError as error:
            raise _refused(self.folder, error.strerror or str(error)) from None
        finally:
            incoming.unlink(missing_ok=True)
            merged.unlink(missing_ok=True)


def row_of(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """Intercom's row as it is kept, unknown types too; None where it has no id or time."""
    by = item.get("performed_by")
    by = by if isinstance(by, dict) else {}
    moment = item.get("created_at")
    if not isinstance(moment, int) or not item.get("id"):
        return None
    return {
        "id": str(item["id"]),
        "happened": datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "activity": str(item.get("activity_type") or "unknown"),
        "actor": str(by.get("email") or by.get("id") or ""),
        "admin_id": str(by.get("id") or ""),
        "ip": str(by.get("ip") or ""),
        "detail": str(item.get("activity_description") or ""),
        "metadata": json.dumps(item.get("metadata") or {}, sort_keys=True),
    }


def _merging(target: Path | None, incoming: Path, merged: Path) -> str:
    """SQL that writes old and new rows together, the newer of one id; paths are our own."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    new = (
        f"SELECT *, 1 AS rank FROM read_json({_text(incoming)}, "  # noqa: S608 (our own text)
        f"format = 'newline_delimited', columns = {{{columns}}})"
    )
    old = f" UNION ALL SELECT *, 0 FROM read_parquet({_text(target)})" if target else ""  # noqa: S608 (our own text)
    return (
        f"COPY (SELECT DISTINCT ON (id) * EXCLUDE (rank) FROM ({new}{old}) "  # noqa: S608 (our own text)
        f"ORDER BY happened, id, rank DESC) TO {_text(merged)} (FORMAT parquet, COMPRESSION zstd)"
    )


def _text(path: Path) -> str:
    quoted = str(path).replace("'", "''")
    return f"'{quoted}'"


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    try:
        yield connection
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise OSError(0, str(error).splitlines()[0]) from None
    finally:
        connection.close()


@contextmanager
def _private(path: Path) -> Iterator[Any]:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        yield stream


def _end_of(month: str) -> date:
    """The first day after a month."""
    start = date.fromisoformat(f"{month}-01")
    return (start + timedelta(days=32)).replace(day=1)


def _refused(folder: Path, reason: str) -> StateError:
    return StateError(
        f"The activity log can't be kept in {folder}: {reason.lower()}.",
        "Make room, or give this user write access.",
    )
