"""Fetched activity on disk: Parquet files by month, and the list of complete days.

Each workspace has a folder of its own, `activity/<id_code>/`, so the rows of two never mix.
`2026-02.000003.parquet` holds rows of that month; `coverage.json` lists the files that count, and
the days that were over when they were fetched, which are never requested again. Rows reach the disk
before the coverage that lists their day, so a crash costs a second fetch and no row.

The rows of a day that stayed open are replaced once all of its rows arrived again and were
understood, so a row that was garbled on the way does not survive the next healthy fetch.

Incoming rows are spooled to disk, so at most one page is held in memory. `flush` turns the spool
into a file of its own, and `merge` combines the files of a month into one; DuckDB does both within
its memory limit. A file counts only once it is listed: what a killed process left is either listed
and merged, or removed.

The rows name people and their addresses: folder 0700, files 0600, and `forget` drops old months.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self, TextIO

from helpers.auditlog.activity_rows import UnreadRows
from helpers.auditlog.coverage import Coverage, sha256_of
from helpers.auditlog.database import open_database, sql_list
from helpers.auditlog.segments import end_of
from helpers.core.errors import StateError, UsageError
from helpers.core.redaction import KNOWN
from helpers.system.files import private_folder
from helpers.system.lock import acquire, open_lock_file

__all__ = ["COLUMNS", "PartitionWriter", "Partitions"]

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
_ACTIVITY: Final = "activity"
_LOCK: Final = ".lock"
_WORKSPACE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Partitions:
    """The months in one folder. A writer waits until no other process uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_workspace(cls, state: Path, id_code: str) -> Self:
        """Those of one workspace in a profile's state. Raises StateError for a strange id."""
        if not _WORKSPACE.fullmatch(id_code):
            raise StateError(
                "Intercom does not say which workspace this token belongs to.",
                "The activity log is kept by workspace; see `GET /me`, field app.id_code.",
            )
        with storage_errors(state / _ACTIVITY):
            private_folder(state / _ACTIVITY)
        return cls(state / _ACTIVITY / id_code)

    @classmethod
    def all_in(cls, state: Path) -> list[Self]:
        """Those of every workspace, and what an earlier version kept without naming one."""
        folder = state / _ACTIVITY
        folders = [path for path in folder.glob("*") if _WORKSPACE.fullmatch(path.name)]
        return [cls(path) for path in sorted([folder, *folders]) if path.is_dir()]

    def covered(self) -> frozenset[date]:
        """The days that are complete, and whose rows are here as they were written."""
        return Coverage.read(self.folder).days

    @contextmanager
    def reading(self) -> Iterator[list[Path]]:
        """The files to read, none of them altered; nobody replaces them meanwhile."""
        with self._alone():
            yield [self.folder / name for name in Coverage.read(self.folder).files]

    @contextmanager
    def ingest(self) -> Iterator[PartitionWriter]:
        """Accept rows. Files left by a killed process are merged first, the new ones at the end.

        Raises StateError if the folder or the disk refuses.
        """
        with self._alone():
            writer = PartitionWriter(self.folder, Coverage.read(self.folder))
            try:
                writer.discard()
                writer.merge()
                yield writer
                writer.flush()
                writer.merge()
            finally:
                writer.discard()

    def months_before(self, day: date) -> list[str]:
        """The months that ended before a day."""
        months = {_month_of(file) for file in self._parquet()}
        return sorted(month for month in months if end_of(month) <= day)

    def forget(self, before: date) -> list[str]:
        """Drop whole months that ended before a day, and their coverage; returns their names.

        Raises StateError if the folder or the disk refuses.
        """
        with self._alone(), storage_errors(self.folder):
            months = self.months_before(before)
            coverage = Coverage.read(self.folder)
            for month in months:
                coverage.months.pop(month, None)
            if months:
                coverage.write(self.folder)
            for file in self._parquet():
                if _month_of(file) in months:
                    file.unlink(missing_ok=True)
        return months

    def _parquet(self) -> list[Path]:
        """Every month's files, also those that nothing lists."""
        found = self.folder.glob("*.parquet")
        return sorted(file for file in found if _MONTH.match(file.name))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock; the kernel releases it when the process ends."""
        with storage_errors(self.folder):
            descriptor = open_lock_file(self.folder / _LOCK)
        try:
            acquire(descriptor)
            yield
        finally:
            os.close(descriptor)


Item = Mapping[str, Any]

_DAY: Final = 86_400  # seconds
_FILE: Final = "{month}.{number:06}.parquet"
_MONTH: Final = re.compile(r"\.?\d{4}-(0[1-9]|1[0-2])\b")
_SPOOLS: Final = ".????-??.json"
_UNFINISHED: Final = ".unfinished.parquet"
_SHAPE: Final = """{'id': 'VARCHAR', 'created_at': 'BIGINT', 'activity_type': 'VARCHAR',
  'activity_description': 'VARCHAR', 'performed_by': 'JSON', 'metadata': 'JSON'}"""
_TO_FILE: Final = f"""
COPY (
  SELECT id, make_timestamp(created_at * 1000000) AS happened,
    activity_type AS activity,
    coalesce(nullif(performed_by->>'$.email', ''), performed_by->>'$.id', '') AS actor,
    coalesce(performed_by->>'$.id', '') AS admin_id,
    coalesce(performed_by->>'$.ip', '') AS ip,
    coalesce(activity_description, '') AS detail,
    coalesce(CAST(metadata AS VARCHAR), '{{}}') AS metadata
  FROM read_json($SPOOL, format = 'array', columns = {_SHAPE})
) TO $TARGET (FORMAT parquet, COMPRESSION zstd)
"""  # noqa: S608 (constant text)
# An id that comes again replaces the row only if it says the same of who, when and what: a log in
# which two rows share an id keeps both.
_TO_MONTH: Final = """
COPY (
  WITH repeated AS MATERIALIZED (
    SELECT id FROM read_parquet($FILES) GROUP BY id HAVING count(*) > 1
  ), newest AS MATERIALIZED (
    SELECT r.id, r.happened, r.activity, r.admin_id,
      max((r.file_index, r.file_row_number)) AS place
    FROM read_parquet($FILES) AS r SEMI JOIN repeated USING (id) GROUP BY ALL
  )
  SELECT r.* FROM read_parquet($FILES) AS r LEFT JOIN newest AS n
    ON r.id = n.id AND r.happened = n.happened AND r.activity = n.activity
      AND r.admin_id = n.admin_id
  WHERE n.id IS NULL OR n.place = (r.file_index, r.file_row_number)
  ORDER BY r.happened, r.id
) TO $TARGET (FORMAT parquet, COMPRESSION zstd)
"""


class PartitionWriter:
    """Writes the files of a folder. Raises StateError if the folder or disk refuses."""

    def __init__(self, folder: Path, coverage: Coverage) -> None:
        self._folder = folder
        self._coverage = coverage
        self._spools: dict[str, TextIO] = {}

    def missing(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """The ranges of days from `first` to `last` that are not complete, newest first.

        No range crosses a month, so each one ends in one file.
        """
        covered = self._coverage.days
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

    def add(self, items: Iterable[Item]) -> None:
        """Spool Intercom's rows, all of which were understood (`activity_rows`)."""
        months: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            months[_month(item["created_at"] // _DAY)].append(item)
        with storage_errors(self._folder):
            for month, found in months.items():
                self._spool(month, found)

    def flush(self) -> None:
        """Write the spooled rows to disk, and list their files."""
        with storage_errors(self._folder):
            while self._spools:
                month, stream = self._spools.popitem()
                self._write_spooled(month, stream)

    def mark_complete(self, days: Iterable[date]) -> None:
        """Mark days as complete. Their rows must already be on disk."""
        self._coverage.complete(days)
        with storage_errors(self._folder):
            self._coverage.write(self._folder)

    def files_of(self, month: str) -> list[str]:
        """The files that hold a month's rows at present."""
        return list(self._coverage.month(month).files)

    def drop(self, days: Collection[date], names: list[str]) -> list[str]:
        """Remove rows of some days of one month from some of its files; returns those left."""
        if not days or not names:
            return names
        rows = f"FROM read_parquet({sql_list(self._folder / name for name in names)})"
        chosen = ", ".join(f"DATE '{day.isoformat()}'" for day in sorted(days))
        on_them = f"CAST(happened AS DATE) IN ({chosen})"
        with storage_errors(self._folder):
            with open_database(self._folder) as database:
                holds = f"SELECT 1 {rows} WHERE {on_them} LIMIT 1"
                if not database.execute(holds).fetchone():
                    return names
            kept = f"SELECT * {rows} WHERE NOT {on_them}"
            sql = f"COPY ({kept}) TO $TARGET (FORMAT parquet, COMPRESSION zstd)"
            return [self._write(sql, min(days).strftime("%Y-%m"), replaces=names)]

    def save_unread(self, unread: UnreadRows) -> None:
        """Keep the first of the rows that were not understood beside the months."""
        with storage_errors(self._folder):
            unread.save(self._folder)

    def merge(self) -> None:
        """Make the files of each month one; of rows that are the same the latest one stays."""
        with storage_errors(self._folder):
            for month, found in self._coverage.months.items():
                if len(found.files) > 1:
                    files = [self._folder / name for name in found.files]
                    sql = _TO_MONTH.replace("$FILES", sql_list(files))
                    self._write(sql, month, replaces=list(found.files))

    def discard(self) -> None:
        """Remove what counts for nothing, of this process and of one that was killed."""
        while self._spools:
            with suppress(OSError):  # its buffered rows are discarded too
                self._spools.popitem()[1].close()
        listed = set(self._coverage.files)
        with storage_errors(self._folder):
            unlisted = (f for f in self._folder.glob("*.parquet") if f.name not in listed)
            for left in (*self._folder.glob(_SPOOLS), *unlisted):
                left.unlink(missing_ok=True)

    def _spool(self, month: str, items: list[Item]) -> None:
        stream = self._spools.get(month)
        if stream is None:
            stream = self._spools[month] = _private(self._folder / f".{month}.json")
        stream.write("," if stream.tell() else "[")
        stream.write(_redacted(items)[1:-1])

    def _write_spooled(self, month: str, stream: TextIO) -> None:
        with stream:
            stream.write("]")
        spool = self._folder / f".{month}.json"
        self._write(_TO_FILE.replace("$SPOOL", sql_list([spool])), month)
        spool.unlink()

    def _write(self, sql: str, month: str, *, replaces: Collection[str] = ()) -> str:
        """Write a file of a month, list it, remove those that it replaces; returns its name."""
        unfinished = self._folder / _UNFINISHED
        with open_database(self._folder) as database:
            database.execute(sql.replace("$TARGET", sql_list([unfinished])[1:-1]))
        unfinished.chmod(0o600)
        target = self._folder / _FILE.format(month=month, number=self._next_number())
        digest = sha256_of(unfinished)
        unfinished.replace(target)
        found = self._coverage.month(month)
        added = {target.name: digest}
        kept = {name: value for name, value in found.files.items() if name not in replaces}
        found.files = added | kept if replaces else kept | added  # older rows stay the older ones
        self._coverage.write(self._folder)
        for name in replaces:
            (self._folder / name).unlink(missing_ok=True)
        return target.name

    def _next_number(self) -> int:
        return max((int(name[8:14]) for name in self._coverage.files), default=0) + 1


def _month_of(file: Path) -> str:
    return file.name.removeprefix(".")[:7]


@lru_cache(64)
def _month(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY, UTC).strftime("%Y-%m")


def _redacted(items: list[Item]) -> str:
    """JSON without the secrets that this process knows, and without tokens."""
    spelled = _spelled(items)
    return spelled if KNOWN.text(spelled) == spelled else _spelled(KNOWN.data(items))


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
