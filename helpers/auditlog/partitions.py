"""Fetched activity on disk: one Parquet file a month, and the list of complete days.

`activity/2026-02.parquet` holds every known row of that month; `activity/coverage.json` lists the
days that were over when they were fetched, which are never requested again. Rows reach the disk
before the coverage that lists their day, so a crash costs a second fetch and no row.

Incoming rows are spooled to disk, so at most one page is held in memory. `flush` turns the spool
into a part, a Parquet file of its own, and `merge` combines a month and its parts; DuckDB does both
within its memory limit. A part is either complete or absent, and stays until its month contains it:
the next process merges parts that a killed one left behind.

The rows name people and their addresses: folder 0700, files 0600, and `forget` drops old months.
"""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TextIO

from helpers.auditlog.database import open_database, sql_list
from helpers.auditlog.segments import end_of
from helpers.core.errors import StateError, UsageError
from helpers.system.files import write_private
from helpers.system.lock import acquire, open_lock_file

__all__ = ["COLUMNS", "PartitionWriter", "Partitions", "is_row"]

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
_LOCK: Final = ".lock"


class Partitions:
    """The months in one folder. Writers wait for each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def covered(self) -> frozenset[date]:
        """The complete days."""
        try:
            stored = json.loads((self.folder / _COVERAGE).read_text("utf-8"))
            return frozenset(date.fromisoformat(day) for day in stored["days"])
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError, KeyError, TypeError):
            return frozenset()  # fetched again, and merged by id

    def missing(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """The ranges of days from `first` to `last` that are not complete, newest first.

        No range crosses a month, so that each one goes into one file.
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

    @contextmanager
    def ingest(self) -> Iterator[PartitionWriter]:
        """Write rows. Parts of a killed process are merged first, the new rows at the end.

        Raises StateError if the folder or the disk refuses.
        """
        with self._locked():
            writer = PartitionWriter(self.folder)
            try:
                writer.discard()
                writer.merge()
                yield writer
                writer.flush()
                writer.merge()
            finally:
                writer.discard()

    def mark_complete(self, complete: Iterable[date]) -> None:
        """Mark days as complete. Their rows must already be on disk."""
        self._write_coverage(self.covered() | set(complete))

    def files(self) -> list[Path]:
        """The files of the months, oldest first."""
        return sorted(self.folder.glob("????-??.parquet"))

    def months_before(self, day: date) -> list[str]:
        """The months that ended before a day."""
        months = {file.stem for file in self.files()} | parts_of(self.folder).keys()
        return sorted(month for month in months if end_of(month) <= day)

    def forget(self, before: date) -> list[str]:
        """Delete whole months that ended before a day, and their coverage; returns their names.

        Raises StateError if the folder or the disk refuses.
        """
        with self._locked():
            months = self.months_before(before)
            if months:
                kept = (day for day in self.covered() if day.strftime("%Y-%m") not in months)
                self._write_coverage(kept)
            parts = parts_of(self.folder)
            with storage_errors(self.folder):
                for month in months:
                    for file in (self.folder / f"{month}.parquet", *parts.get(month, ())):
                        file.unlink(missing_ok=True)
        return months

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock the folder; the kernel releases the lock however the process ends."""
        with storage_errors(self.folder):
            descriptor = open_lock_file(self.folder / _LOCK)
        try:
            acquire(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _write_coverage(self, days: Iterable[date]) -> None:
        coverage = {"days": sorted(day.isoformat() for day in days)}
        with storage_errors(self.folder):
            write_private(self.folder / _COVERAGE, json.dumps(coverage))


Item = Mapping[str, Any]

_DAY: Final = 86_400  # seconds
_LATEST: Final = 253_402_300_800  # the year 10000
_PART: Final = ".{month}.{number:06}.parquet"
_PARTS: Final = ".????-??.??????.parquet"
_SPOOLS: Final = ".????-??.json"
_UNFINISHED: Final = ".unfinished.parquet"
_SHAPE: Final = """{'id': 'VARCHAR', 'created_at': 'BIGINT', 'activity_type': 'VARCHAR',
  'activity_description': 'VARCHAR', 'performed_by': 'JSON', 'metadata': 'JSON'}"""
_TO_PART: Final = f"""
COPY (
  SELECT id, make_timestamp(created_at * 1000000) AS happened,
    coalesce(nullif(activity_type, ''), 'unknown') AS activity,
    coalesce(nullif(performed_by->>'$.email', ''), performed_by->>'$.id', '') AS actor,
    coalesce(performed_by->>'$.id', '') AS admin_id,
    coalesce(performed_by->>'$.ip', '') AS ip,
    coalesce(activity_description, '') AS detail,
    coalesce(CAST(metadata AS VARCHAR), '{{}}') AS metadata
  FROM read_json($SPOOL, format = 'array', columns = {_SHAPE})
) TO $TARGET (FORMAT parquet, COMPRESSION zstd)
"""  # noqa: S608 (constant text)
_TO_MONTH: Final = """
COPY (
  WITH repeated AS MATERIALIZED (
    SELECT id, max((file_index, file_row_number)) AS newest
    FROM read_parquet($FILES) GROUP BY id HAVING count(*) > 1
  )
  SELECT r.* FROM read_parquet($FILES) AS r LEFT JOIN repeated AS t ON r.id = t.id
  WHERE t.id IS NULL OR t.newest = (r.file_index, r.file_row_number)
  ORDER BY r.happened, r.id
) TO $TARGET (FORMAT parquet, COMPRESSION zstd)
"""


class PartitionWriter:
    """Writes the spools and parts of a folder. Raises StateError if the folder or disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spools: dict[str, TextIO] = {}

    def add(self, items: Iterable[Any]) -> None:
        """Spool Intercom's rows, including unknown types; skips items without an id or a time."""
        months: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            if is_row(item):
                months[_month(item["created_at"] // _DAY)].append(item)
        with storage_errors(self._folder):
            for month, found in months.items():
                self._spool(month, found)

    def flush(self) -> None:
        """Write the spooled rows to disk as parts."""
        with storage_errors(self._folder):
            while self._spools:
                month, stream = self._spools.popitem()
                self._part(month, stream)

    def merge(self) -> None:
        """Merge every part into its month, by id; of rows with the same id the latest one stays."""
        with storage_errors(self._folder):
            for month, found in parts_of(self._folder).items():
                self._merge(self._folder / f"{month}.parquet", found)

    def discard(self) -> None:
        """Remove incomplete files, both of this process and of one that was killed."""
        while self._spools:
            with suppress(OSError):  # its buffered rows are discarded too
                self._spools.popitem()[1].close()
        with storage_errors(self._folder):
            for left in (*self._folder.glob(_SPOOLS), self._folder / _UNFINISHED):
                left.unlink(missing_ok=True)

    def _spool(self, month: str, items: list[Item]) -> None:
        stream = self._spools.get(month)
        if stream is None:
            stream = self._spools[month] = _private(self._folder / f".{month}.json")
        stream.write("," if stream.tell() else "[")
        stream.write(_spelled(items)[1:-1])

    def _part(self, month: str, stream: TextIO) -> None:
        with stream:
            stream.write("]")
        spool = self._folder / f".{month}.json"
        taken = sorted(self._folder.glob(_PARTS))
        number = int(taken[-1].name[9:15]) + 1 if taken else 1
        target = self._folder / _PART.format(month=month, number=number)
        self._write(_TO_PART.replace("$SPOOL", sql_list([spool])), target)
        spool.unlink()

    def _merge(self, target: Path, parts: list[Path]) -> None:
        files = [target, *parts] if target.exists() else parts
        self._write(_TO_MONTH.replace("$FILES", sql_list(files)), target)
        for part in parts:
            part.unlink()

    def _write(self, sql: str, target: Path) -> None:
        """Write a file that is either complete or absent."""
        unfinished = self._folder / _UNFINISHED
        with open_database(self._folder) as database:
            database.execute(sql.replace("$TARGET", sql_list([unfinished])[1:-1]))
        unfinished.chmod(0o600)
        unfinished.replace(target)


def parts_of(folder: Path) -> Mapping[str, list[Path]]:
    """The parts waiting in a folder, by month, in the order they were written."""
    parts: dict[str, list[Path]] = defaultdict(list)
    for part in sorted(folder.glob(_PARTS)):
        parts[part.name[1:8]].append(part)
    return parts


def is_row(item: Any) -> bool:
    """Whether an item is a row: an object with an id and a time."""
    if not isinstance(item, dict) or not item.get("id"):
        return False
    moment = item.get("created_at")
    return type(moment) is int and 0 <= moment < _LATEST


@lru_cache(64)
def _month(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY, UTC).strftime("%Y-%m")


def _spelled(items: list[Item]) -> str:
    """JSON for DuckDB, which accepts no infinities; Python's parser does."""
    try:
        return _ENCODER.encode(items)
    except ValueError:
        return _ENCODER.encode(_finite(items))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


_ENCODER: Final = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _private(path: Path) -> TextIO:
    """A new file that only its owner can read; a lone surrogate, which is not text, becomes `?`."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turn errors of the disk into a StateError that says what to do."""
    try:
        yield
    except (OSError, UsageError) as error:
        reason = error.message if isinstance(error, UsageError) else error.strerror or "unknown"
        raise StateError(
            f"The activity log can't be written to {folder}: {reason.lower().rstrip('.')}.",
            "Free some space, or give this user write access.",
        ) from None
