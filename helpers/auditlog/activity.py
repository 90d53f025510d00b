"""Intercom's own activity log, fetched: incremental, resumable, within the rate limit.

The missing days are requested newest first, one range of days at a time; several pages are in
flight at once, and the client keeps to the rate limit. A day is complete once it ended an hour ago
and either a row of an earlier day has arrived or the range is finished. Its rows are on disk before
it is marked complete, so an interrupted fetch resumes where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol

from helpers.auditlog.partitions import Partitions, PartitionWriter, is_row

__all__ = ["FetchResult", "PageSource", "activity_pages", "fetch"]

_SETTLED: Final = timedelta(hours=1)  # rows may arrive late
_PER_PAGE: Final = 250  # Intercom's maximum
_AT_ONCE: Final = 8  # pages in flight
_KEEP_EVERY: Final = 100  # pages between two writes to disk

Progress = Callable[[str], None]


class PageSource(Protocol):
    """Returns one page of the activity log: its rows, and the number of pages."""

    def __call__(self, after: int, before: int, page: int) -> tuple[Sequence[Any], int]:
        """The rows in [after, before], Unix seconds."""


@dataclass
class FetchResult:
    """What a fetch did: its rows and calls, and the number of days it completed."""

    rows: int = 0
    calls: int = 0
    days: int = 0


@dataclass
class _DayRange:
    """A range of missing days while its pages arrive. Times are Unix seconds."""

    first: date
    last: date
    closed_before: datetime
    rows: int = 0  # since the last write to disk
    oldest: int | None = None
    ordered: bool = True
    marked: date | None = None  # this day and those after it are marked complete

    def select(self, items: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows of a page that fall on these days.

        Rows may be out of order; then no day is complete until the last page has arrived.
        """
        begin, end = _unix(self.first), _unix(self.last + timedelta(days=1))
        found = [item for item in items if is_row(item) and begin <= item["created_at"] < end]
        for item in found:
            moment = item["created_at"]
            self.ordered = self.ordered and (self.oldest is None or moment <= self.oldest)
            self.oldest = moment if self.oldest is None else min(self.oldest, moment)
        self.rows += len(found)
        return found

    def complete(self, *, ended: bool) -> list[date]:
        """The days that are over and whose rows have all arrived."""
        reached = self.first
        if not ended:
            if not self.ordered or self.oldest is None:
                return []
            reached = datetime.fromtimestamp(self.oldest, UTC).date() + timedelta(days=1)
        span = (self.last - reached).days + 1
        days = (self.last - timedelta(days=back) for back in range(span))
        return [day for day in days if _start(day + timedelta(days=1)) <= self.closed_before]


def fetch(
    pages: PageSource,
    partitions: Partitions,
    start: datetime,
    end: datetime,
    *,
    progress: Progress = lambda _: None,
) -> FetchResult:
    """Bring the partitions up to date from `start` to `end` (UTC).

    Raises what `pages` raises (IntercomError, UnreachableError) and StateError; rows that arrived
    before the error are kept.
    """
    done = FetchResult()
    meter = _ProgressMeter(progress)
    with (
        partitions.ingest() as writer,
        ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="activity") as pool,
    ):
        page_writer = _PageWriter(partitions, writer, done)
        for first, last in list(partitions.missing(start.date(), end.date())):
            days = _DayRange(first, last, end - _SETTLED)
            before = min(_unix(last + timedelta(days=1)), int(end.timestamp()))
            page_writer.receive(days, _ordered(pool, pages, _unix(first), before, meter))
    return done


@dataclass
class _PageWriter:
    """Writes the pages of a range to disk, and its complete days to the coverage."""

    partitions: Partitions
    writer: PartitionWriter
    done: FetchResult

    def receive(self, days: _DayRange, pages: Iterator[Sequence[Any]]) -> None:
        """Write every page; pages that arrived before a failure are kept."""
        ended = False
        try:
            for number, items in enumerate(pages, 1):
                self.writer.add(days.select(items))
                self.done.calls += 1
                if number % _KEEP_EVERY == 0:
                    self._flush(days, ended=False)
            ended = True
        finally:
            self._flush(days, ended=ended)

    def _flush(self, days: _DayRange, *, ended: bool) -> None:
        self.writer.flush()
        complete = days.complete(ended=ended)
        fresh = [day for day in complete if days.marked is None or day < days.marked]
        if fresh:
            self.partitions.mark_complete(fresh)
        days.marked = min(complete) if complete else days.marked
        self.done.days += len(fresh)
        self.done.rows += days.rows
        days.rows = 0


def _ordered(
    pool: ThreadPoolExecutor, pages: PageSource, after: int, before: int, meter: _ProgressMeter
) -> Iterator[Sequence[Any]]:
    """The pages in order, with the next few already requested."""
    items, total = pages(after, before, 1)
    meter.add(total)
    waiting: list[Future[tuple[Sequence[Any], int]]] = []
    following = 2
    try:
        while True:
            while following <= total and len(waiting) < _AT_ONCE:
                waiting.append(pool.submit(pages, after, before, following))
                following += 1
            yield items
            meter.advance(len(items))
            if not waiting:
                return
            items, now_total = waiting.pop(0).result()
            meter.add(max(now_total - total, 0))
            total = max(total, now_total)
    finally:
        for future in waiting:
            future.cancel()


class _ProgressMeter:
    """Reports the progress of a fetch, and the time it still takes at the pace so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._begun = time.monotonic()
        self._reported = self._begun
        self._pages = self._total = self._rows = 0

    def add(self, pages: int) -> None:
        """Add pages to the expected total."""
        self._total += pages

    def advance(self, rows: int) -> None:
        """Count a page; reports at most once a second."""
        self._pages += 1
        self._rows += rows
        now = time.monotonic()
        if now - self._reported >= 1:
            self._reported = now
            left = (now - self._begun) / self._pages * (self._total - self._pages)
            self._progress(f"Activity log: {self._rows:,} rows, about {left:.0f} s left.")


def activity_pages(client: Any) -> PageSource:
    """A page source that reads from an Intercom client."""
    from helpers.intercom.calls import call_named

    call = call_named("GET /admins/activity_logs")

    def page(after: int, before: int, page: int) -> tuple[Sequence[Any], int]:
        period = {"created_at_after": after, "created_at_before": before}
        body = client.call(call, params={**period, "page": page, "per_page": _PER_PAGE}).json()
        rows = body.get("activity_logs")
        paging = body.get("pages")
        total = paging.get("total_pages") if isinstance(paging, dict) else 1
        return rows if isinstance(rows, list) else [], int(total or 1)

    return page


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _unix(day: date) -> int:
    return int(_start(day).timestamp())
