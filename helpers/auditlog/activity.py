"""Intercom's own activity log, fetched: incremental, resumable, within the rate limit.

The days that are missing are asked for, newest first, one run of days at a time; several pages are
on their way at once, and the client keeps to the rate limit. A day counts as complete when a row of
an earlier day has come, or the run is over, and it ended an hour ago; what is complete is on the
disk before it counts, so a fetch that was interrupted goes on where it stopped.
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

_SETTLED: Final = timedelta(hours=1)  # rows may come late; a day that ended before is complete
_PER_PAGE: Final = 250  # the most that Intercom gives
_AT_ONCE: Final = 8  # pages on their way
_KEEP_EVERY: Final = 100  # pages between two writes to the disk

Progress = Callable[[str], None]


class PageSource(Protocol):
    """Gives one page of the activity log: its rows and how many pages there are."""

    def __call__(self, after: int, before: int, page: int) -> tuple[Sequence[Any], int]:
        """The rows in [after, before], Unix seconds."""


@dataclass
class FetchResult:
    """What a fetch did: rows and calls, and how many days became complete."""

    rows: int = 0
    calls: int = 0
    days: int = 0


@dataclass
class _DayRange:
    """One run of missing days while its pages come in. Moments are Unix seconds."""

    first: date
    last: date
    closed_before: datetime
    rows: int = 0  # since the last write to the disk
    oldest: int | None = None
    ordered: bool = True
    noted: date | None = None  # days after this one are on the disk

    def of_it(self, items: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows of a page that belong to these days.

        Rows out of order do too; but then no day is complete before the end.
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
        """The days of which every row has come, and that are over."""
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

    Raises what `pages` raises (IntercomError, UnreachableError) and StateError; what had come until
    then is kept.
    """
    done = FetchResult()
    meter = _ProgressMeter(progress)
    with (
        partitions.ingest() as writer,
        ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="activity") as pool,
    ):
        keeper = _PageWriter(partitions, writer, done)
        for first, last in list(partitions.missing(start.date(), end.date())):
            run = _DayRange(first, last, end - _SETTLED)
            before = min(_unix(last + timedelta(days=1)), int(end.timestamp()))
            keeper.receive(run, _ordered(pool, pages, _unix(first), before, meter))
    return done


@dataclass
class _PageWriter:
    """Brings the pages of a run to the disk, and what became complete into the coverage."""

    partitions: Partitions
    writer: PartitionWriter
    done: FetchResult

    def receive(self, run: _DayRange, pages: Iterator[Sequence[Any]]) -> None:
        """Take every page; what came before a failure is kept."""
        ended = False
        try:
            for number, items in enumerate(pages, 1):
                self.writer.add(run.of_it(items))
                self.done.calls += 1
                if number % _KEEP_EVERY == 0:
                    self._keep(run, ended=False)
            ended = True
        finally:
            self._keep(run, ended=ended)

    def _keep(self, run: _DayRange, *, ended: bool) -> None:
        self.writer.flush()
        days = run.complete(ended=ended)
        fresh = [day for day in days if run.noted is None or day < run.noted]
        if fresh:
            self.partitions.note(fresh)
        run.noted = min(days) if days else run.noted
        self.done.days += len(fresh)
        self.done.rows += run.rows
        run.rows = 0


def _ordered(
    pool: ThreadPoolExecutor, pages: PageSource, after: int, before: int, meter: _ProgressMeter
) -> Iterator[Sequence[Any]]:
    """The pages in their order, the next few already on their way."""
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
            meter.came(len(items))
            if not waiting:
                return
            items, now_total = waiting.pop(0).result()
            meter.add(max(now_total - total, 0))
            total = max(total, now_total)
    finally:
        for future in waiting:
            future.cancel()


class _ProgressMeter:
    """Tells how far a fetch is, and how long it will take at the pace so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._begun = time.monotonic()
        self._told = self._begun
        self._pages = self._total = self._rows = 0

    def add(self, pages: int) -> None:
        """More pages are known to come."""
        self._total += pages

    def came(self, rows: int) -> None:
        """A page came; said once a second at most."""
        self._pages += 1
        self._rows += rows
        now = time.monotonic()
        if now - self._told >= 1:
            self._told = now
            left = (now - self._begun) / self._pages * (self._total - self._pages)
            self._progress(f"Activity log: {self._rows:,} rows, about {left:.0f} s left.")


def activity_pages(client: Any) -> PageSource:
    """The pages as an Intercom client gives them."""
    from helpers.intercom.calls import call_named

    call = call_named("GET /admins/activity_logs")

    def page(after: int, before: int, page: int) -> tuple[Sequence[Any], int]:
        period = {"created_at_after": after, "created_at_before": before}
        body = client.call(call, params={**period, "page": page, "per_page": _PER_PAGE}).json()
        found = body.get("activity_logs")
        told = body.get("pages")
        total = told.get("total_pages") if isinstance(told, dict) else 1
        return found if isinstance(found, list) else [], int(total or 1)

    return page


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _unix(day: date) -> int:
    return int(_start(day).timestamp())
