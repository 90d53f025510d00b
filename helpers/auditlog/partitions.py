"""Fetched activity on disk: one Parquet file a month, and which days of it are complete.

`activity/2026-02.parquet` holds every row known of that month; `activity/coverage.json` names the
days that were over when they were fetched, which are never asked for again. Rows are on the disk
before the coverage that speaks of them, so a crash costs a second fetch and no row.

The rows name people and their addresses: folder 0700, files 0600, and `forget` drops old months.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from helpers.auditlog.incoming import Incoming, explained, parts_of
from helpers.auditlog.segments import end_of
from helpers.system.files import private_folder, write_private

__all__ = ["COLUMNS", "Partitions"]

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
    """The months in one folder. Who would write waits until nobody else does."""

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

    @contextmanager
    def receiving(self) -> Iterator[Incoming]:
        """Take rows in. What a killed process left is merged first, what came at the end.

        Raises StateError where the folder or the disk refuses.
        """
        with self._alone():
            incoming = Incoming(self.folder)
            try:
                incoming.discard()
                incoming.merge()
                yield incoming
                incoming.keep()
                incoming.merge()
            finally:
                incoming.discard()

    def note(self, complete: Iterable[date]) -> None:
        """Note days as complete. Their rows have to be on the disk before."""
        self._write_coverage(self.covered() | set(complete))

    def files(self) -> list[Path]:
        """The months there are, oldest first."""
        return sorted(self.folder.glob("????-??.parquet"))

    def months_before(self, day: date) -> list[str]:
        """The months that ended before a day."""
        months = {file.stem for file in self.files()} | parts_of(self.folder).keys()
        return sorted(month for month in months if end_of(month) <= day)

    def forget(self, before: date) -> list[str]:
        """Drop whole months that ended before a day, and their coverage; the answer names them.

        Raises StateError where the folder or the disk refuses.
        """
        with self._alone():
            months = self.months_before(before)
            if months:
                kept = (day for day in self.covered() if day.strftime("%Y-%m") not in months)
                self._write_coverage(kept)
            parts = parts_of(self.folder)
            with explained(self.folder):
                for month in months:
                    for file in (self.folder / f"{month}.parquet", *parts.get(month, ())):
                        file.unlink(missing_ok=True)
        return months

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder; the kernel lets go of it when the process ends, however it ends."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        with explained(self.folder):
            descriptor = os.open(private_folder(self.folder) / _LOCK, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write_coverage(self, days: Iterable[date]) -> None:
        told = {"days": sorted(day.isoformat() for day in days)}
        with explained(self.folder):
            write_private(self.folder / _COVERAGE, json.dumps(told))
