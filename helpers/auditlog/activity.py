"""Intercom's own activity log, fetched: incremental, resumable, within the rate limit.

The missing days are requested newest first, one range of days at a time; several pages are in
flight at once, and the client keeps to the rate limit. A day is complete once it ended an hour ago,
by this machine's clock and by Intercom's, and either a row of an earlier day has arrived or the
range is finished, and every row was understood. Its rows are on disk before it is marked complete,
so an interrupted fetch resumes where it stopped.

What the pages promise has to come (`paging`), or the range stays incomplete, and the result says
why. A range without any row stays incomplete too: a server that hides rows answers the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from helpers.auditlog.activity_rows import UnreadRows, problem_of
from helpers.auditlog.paging import ActivityPage, PageSource, PagingProof, UnprovenPagingError
from helpers.auditlog.partitions import Partitions, PartitionWriter

__all__ = ["FetchResult", "fetch"]

_SETTLED: Final = timedelta(hours=1)  # rows may arrive late
_APART: Final = timedelta(hours=1)  # more between the two clocks is reported
_STRAY: Final = 86_400  # seconds beyond the range in which a row belongs to the next one
_AT_ONCE: Final = 8  # pages in flight
_KEEP_EVERY: Final = 25_000  # rows between two writes to disk

Progress = Callable[[str], None]


@dataclass
class FetchResult:
    """What a fetch did: its rows and calls, the days it completed, and what was not whole."""

    rows: int = 0
    calls: int = 0
    days: int = 0
    unread: UnreadRows = field(default_factory=UnreadRows)
    problems: list[str] = field(default_factory=list)

    @property
    def gaps(self) -> str:
        """Why the rows are not all there, in a sentence or two; "" if they are."""
        problems = list(dict.fromkeys(self.problems))  # each range of days may have the same one
        return " ".join(filter(None, [self.unread.summary(), *problems[:2]]))


@dataclass
class _DayRange:
    """A range of missing days while its pages arrive. Times are Unix seconds."""

    first: date
    last: date
    end: datetime  # the present, by this machine's clock
    unread: UnreadRows
    rows: int = 0  # since the last write to disk
    oldest: int | None = None
    ordered: bool = True
    marked: date | None = None  # this day and those after it are marked complete
    server: datetime | None = None  # the present, by Intercom's clock
    replaces: list[str] = field(default_factory=list)  # files with earlier rows of these days
    odd_days: set[date] = field(default_factory=set)  # on which a row was not understood

    def select(self, page: ActivityPage) -> list[dict[str, Any]]:
        """The rows of a page that fall on these days; the others are counted as unread.

        Rows may be out of order; then no day is complete until the last page has arrived.
        """
        if page.at:
            self.server = min(self.server or page.at, page.at)
        begin, end = _unix(self.first), _unix(self.last + timedelta(days=1))
        found = []
        for item in page.rows:
            problem = problem_of(item) or _stray(item["created_at"], begin, end)
            if problem:
                self.odd_days |= self.unread.add(item, problem, self._days)
            elif begin <= item["created_at"] < end:
                self._place(item["created_at"])
                found.append(item)
        self.rows += len(found)
        return found

    def arrived(self, *, ended: bool) -> list[date]:
        """The days whose rows have all arrived so far and were understood."""
        if self.oldest is None or not (ended or self.ordered):
            return []
        oldest = datetime.fromtimestamp(self.oldest, UTC).date()
        reached = self.first if ended else oldest + timedelta(days=1)
        return [day for day in self._days if day >= reached and day not in self.odd_days]

    def over(self, days: Iterable[date]) -> list[date]:
        """Those of the days that ended long enough ago by both clocks."""
        if self.server is None:
            return []
        closed_before = min(self.end, self.server) - _SETTLED
        return [day for day in days if _start(day + timedelta(days=1)) <= closed_before]

    @property
    def _days(self) -> list[date]:
        """Newest first."""
        return [self.last - timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def _place(self, moment: int) -> None:
        self.ordered = self.ordered and (self.oldest is None or moment <= self.oldest)
        self.oldest = moment if self.oldest is None else min(self.oldest, moment)


def _stray(moment: int, begin: int, end: int) -> str:
    """A server that ignores the period has not shown that it holds no other row of it."""
    near = begin - _STRAY <= moment < end + _STRAY
    return "" if near else "created_at is outside the period that was asked for"


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
        for first, last in list(writer.missing(start.date(), end.date())):
            days = _DayRange(first, last, end, done.unread)
            before = min(_unix(last + timedelta(days=1)), int(end.timestamp()))
            arriving = _ordered(pool, pages, _unix(first), before, meter)
            _receive(days, arriving, writer, done)
        writer.save_unread(done.unread)
    return done


def _receive(
    days: _DayRange, pages: Iterator[ActivityPage], writer: PartitionWriter, done: FetchResult
) -> None:
    """Write every page to disk, and the complete days to the coverage; also before a failure."""
    ended = False
    days.replaces = writer.files_of(days.first.strftime("%Y-%m"))
    try:
        for page in pages:
            writer.add(days.select(page))
            done.calls += 1
            if days.rows >= _KEEP_EVERY:
                _flush(days, writer, done, ended=False)
        ended = True
    except UnprovenPagingError as error:
        days.ordered = False  # what came so far proves nothing about the order either
        done.problems.append(str(error))
    finally:
        _flush(days, writer, done, ended=ended)
    _compare_clocks(days, done)


def _flush(days: _DayRange, writer: PartitionWriter, done: FetchResult, *, ended: bool) -> None:
    writer.flush()
    arrived = days.arrived(ended=ended)
    days.replaces = writer.drop(arrived, days.replaces)
    complete = days.over(arrived)
    fresh = [day for day in complete if days.marked is None or day < days.marked]
    if fresh:
        writer.mark_complete(fresh)
    days.marked = min(complete) if complete else days.marked
    done.days += len(fresh)
    done.rows += days.rows
    days.rows = 0


def _compare_clocks(days: _DayRange, done: FetchResult) -> None:
    """A clock that is wrong asks for the wrong days."""
    problem = ""
    if days.server is None:
        problem = "Intercom's answers have no Date, so this machine's clock can't be compared."
    elif abs(days.server - days.end) > _APART:
        problem = (
            f"This machine's clock says {days.end:%Y-%m-%d %H:%M} UTC, Intercom's "
            f"{days.server:%Y-%m-%d %H:%M}: the period that was asked for is not the latest."
        )
    if problem and problem not in done.problems:
        done.problems.append(problem)


def _ordered(
    pool: ThreadPoolExecutor, pages: PageSource, after: int, before: int, meter: _ProgressMeter
) -> Iterator[ActivityPage]:
    """The pages in order, with the next few already requested.

    Raises UnprovenPagingError after the page that shows that pages are missing.
    """
    waiting: list[Future[ActivityPage]] = []
    proof = PagingProof()
    expected, following = 0, 2
    page = pages(after, before, 1)
    try:
        while True:
            problem = proof.take(page)
            total = 0 if problem else proof.total
            meter.add(max(total - expected, 0))
            expected = max(total, expected)
            while following <= total and len(waiting) < _AT_ONCE:
                waiting.append(pool.submit(pages, after, before, following))
                following += 1
            yield page
            meter.advance(len(page.rows))
            if problem:
                raise UnprovenPagingError(problem)
            if not waiting:
                return
            page = waiting.pop(0).result()
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


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _unix(day: date) -> int:
    return int(_start(day).timestamp())
