"""Intercom's own activity log, fetched: incremental, resumable, within the rate limit.

The days that are missing are asked for, newest first, one run of days at a time; several pages are
on their way at once, and the client keeps to the rate limit. A day counts as complete when a row of
an earlier day has come, or the run is over, and it ended an hour ago; what is complete is on the
disk before more is asked for, so a fetch that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol

from helpers.auditlog.partitions import Partitions, row_of

__all__ = ["Fetched", "Pages", "fetch", "pages_of"]

_SETTLED: Final = timedelta(hours=1)  # rows may come late; a day that ended before is complete
_PER_PAGE: Final = 250  # the most that Intercom gives
_AT_ONCE: Final = 8  # pages on their way
_KEEP_EVERY: Final = 100  # pages between two writes to the disk

Progress = Callable[[str], None]


class Pages(Protocol):
    """Gives one page of the activity log: its rows and how many pages there are."""

    def __call__(self, after: int, before: int, page: int) -> tuple[Sequence[Any], int]:
        """The rows in [after, before], Unix seconds."""


@dataclass
class Fetched:
    """What a fetch did: rows and calls, and how many days became complete."""

    rows: int = 0
    calls: int = 0
    days: int = 0


@dataclass
class _Run:
    """One run of missing days while its pages come in."""

    first: date
    last: date
    closed_before: datetime
    rows: list[dict[str, Any]] = field(default_factory=list)
    oldest: str = "9999"
    ordered: bool = True
    noted: date | None = None  # days after this one are on the disk

    def take(self, items: Sequence[Any]) -> None:
        """Take a page. Rows out of order are kept; then no day is complete before the end."""
        for row in filter(None, map(_row, items)):
            if not self.first.isoformat() <= row["happened"][:10] <= self.last.isoformat():
                continue
            self.ordered = self.ordered and row["happened"] <= self.oldest
            self.oldest = min(self.oldest, row["happened"])
            self.rows.append(row)

    def complete(self, *, ended: bool) -> list[date]:
        """The days of which every row has come, and that are over."""
        reached = self.first
        if not ended:
            if not self.ordered or self.oldest == "9999":
                return []
            reached = date.fromisoformat(self.oldest[:10]) + timedelta(days=1)
        span = (self.last - reached).days + 1
        days = (self.last - timedelta(days=back) for back in range(span))
        return [day for day in days if _end(day) <= self.closed_before]


def fetch(
    pages: Pages,
    partitions: Partitions,
    start: datetime,
    end: datetime,
    *,
    progress: Progress = lambda _: None,
) -> Fetched:
    """Bring the partitions up to date from `start` to `end` (UTC).

    Raises what `pages` raises (IntercomError, UnreachableError) and StateError; what had come until
    then is kept.
    """
    done = Fetched()
    meter = _Meter(progress)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="activity") as pool:
        for first, last in list(partitions.missing(start.date(), end.date())):
            run = _Run(first, last, end - _SETTLED)
            after = int(_start(first).timestamp())
            before = int(min(_end(last), end).timestamp())
            _fetch_run(run, _ordered(pool, pages, after, before, meter), partitions, done)
    return done


def _fetch_run(
    run: _Run, incoming: Iterator[Sequence[Any]], partitions: Partitions, done: Fetched
) -> None:
    ended = False
    try:
        for number, items in enumerate(incoming, 1):
            run.take(items)
            done.calls += 1
            if number % _KEEP_EVERY == 0:
                _keep(run, partitions, done, ended=False)
        ended = True
    finally:
        _keep(run, partitions, done, ended=ended)


def _keep(run: _Run, partitions: Partitions, done: Fetched, *, ended: bool) -> None:
    days = run.complete(ended=ended)
    fresh = [day for day in days if run.noted is None or day < run.noted]
    if run.rows or fresh:
        partitions.add(run.rows, days)
    run.noted = min(days) if days else run.noted
    done.days += len(fresh)
    done.rows += len(run.rows)
    run.rows = []


def _ordered(
    pool: ThreadPoolExecutor, pages: Pages, after: int, before: int, meter: _Meter
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


class _Meter:
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


def pages_of(client: Any) -> Pages:
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


def _row(item: Any) -> dict[str, Any] | None:
    return row_of(item) if isinstance(item, dict) else None


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _end(day: date) -> datetime:
    return _start(day) + timedelta(days=1)
