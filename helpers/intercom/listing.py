"""A list of Intercom, page by page, and the proof that nothing of it is missing.

A page that repeats, that comes for another number, that is empty before the last one, or that ends
the list while more is promised, cuts the list short: what came before stays, and `cut` says why.
So does a limit of `policy.toml [limits]`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, Generic, TypeVar

from helpers.core.errors import CollectionError, IncompleteListError
from helpers.core.model import Known, Partial
from helpers.core.policy import Limits
from helpers.intercom.answers import Answer
from helpers.intercom.reader import ListPage, UnreadRow, UnreadTally

__all__ = ["Listing", "cursor_pages", "numbered_pages"]

M = TypeVar("M", bound=Answer)
T = TypeVar("T")

_CURSOR: Final = 2000  # characters of a cursor at most


class _CutShortError(Exception):
    """Why the pages that follow can't be trusted or were not read."""


class Listing(Generic[M]):
    """The rows of a list, once. After the last one, `datum` says whether they are all."""

    def __init__(
        self, call: str, pages: Iterator[ListPage[M]], doubt: Callable[[], str] = str
    ) -> None:
        """`doubt` says after the last row what else speaks against the list, or ""."""
        self.call = call
        self._doubt = doubt
        self.unread = UnreadTally()
        self.cut = ""
        self._pages = pages

    def __iter__(self) -> Iterator[M]:
        """Every row that was understood.

        Raises CollectionError where the first page can't be read; later the list is cut short.
        """
        begun = False
        try:
            for page in self._pages:
                begun = True
                self.unread.count += page.unread.count - len(page.unread.first)
                for row in page.unread.first:
                    self.unread.add(row)
                yield from page.rows
        except _CutShortError as error:
            self.cut = str(error)
        except CollectionError as error:
            if not begun:
                raise
            self.cut = error.message.rstrip(".")

    def lose(self, error: CollectionError, row: str) -> None:
        """Count a row whose details could not be read."""
        self.unread.add(UnreadRow(error.message.rstrip("."), row, ""))

    @property
    def reason(self) -> str:
        """Why the list is not whole; "" where it is."""
        reasons = [one for one in (self.cut, str(self.unread), self._doubt()) if one]
        return f"{self.call}: {'; '.join(reasons)}." if reasons else ""

    def datum(self, value: T) -> Known[T] | Partial[T]:
        """What was made of the rows, as whole as they are."""
        return Partial(value, self.reason, self.call) if self.reason else Known(value)

    def read(self) -> Known[tuple[M, ...]] | Partial[tuple[M, ...]]:
        """All rows. Raises CollectionError where the first page can't be read."""
        return self.datum(tuple(self))

    def whole(self) -> tuple[M, ...]:
        """All rows, none missing. Raises CollectionError, IncompleteListError where some are."""
        rows = tuple(self)
        if self.reason:
            raise IncompleteListError(
                f"Only a part of the list could be read: {self.reason}",
                "Try again; if it persists, the answer of that call has to be checked.",
            )
        return rows


def numbered_pages(ask: Callable[[int], ListPage[M]], limits: Limits) -> Iterator[ListPage[M]]:
    """The pages 1, 2, 3 of a list that says `total_pages`; `ask` gets the number."""
    bounds, total = _Bounds(limits), 0
    for number in range(1, limits.pages + 1):
        page = ask(number)
        fresh = bounds.fresh(page, number)
        yield fresh
        total = _total(page, number, total)
        if number >= total:
            return
        if not page.size:
            raise _CutShortError(f"page {number} of {total} is empty")
        bounds.check_time()
    raise _CutShortError(_too_many(limits))


def cursor_pages(
    ask: Callable[[str], ListPage[M]], per_page: int, limits: Limits
) -> Iterator[ListPage[M]]:
    """The pages of a list that gives a cursor for the next one; `ask` gets it, "" at first."""
    bounds, cursor, seen, rows = _Bounds(limits), "", {""}, 0
    for number in range(1, limits.pages + 1):
        page = ask(cursor)
        rows += page.size
        yield bounds.fresh(page, number)
        cursor = _next(page, number, rows, per_page)
        if not cursor:
            return
        if cursor in seen:
            raise _CutShortError(f"page {number} gives a cursor that was followed before")
        if not page.size:
            raise _CutShortError(f"page {number} is empty, and more are promised")
        seen.add(cursor)
        bounds.check_time()
    raise _CutShortError(_too_many(limits))


class _Bounds:
    """What a list has brought so far: the ids, which may not repeat, and the time it took."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._end = time.monotonic() + limits.list_seconds
        self._ids: set[str] = set()
        self._last: list[str] = []

    def fresh(self, page: ListPage[M], number: int) -> ListPage[M]:
        """The page without the rows that the page before ended with.

        Rows move on to the next page where new ones arrive while the list is read: then a page
        begins with exactly what the page before ended with, which proves that none is missing.
        Raises _CutShortError for any other repetition.
        """
        ids = [str(getattr(row, "id", "")) for row in page.rows]
        moved = _overlap(self._last, ids)
        new = ids[moved:]
        if len(set(new)) < len(new) or not self._ids.isdisjoint(new) or (moved and not new):
            raise _CutShortError(f"page {number} repeats rows that came before")
        self._ids.update(new)
        self._last = ids
        return replace(page, rows=page.rows[moved:]) if moved else page

    def check_time(self) -> None:
        if time.monotonic() > self._end:
            seconds = self._limits.list_seconds
            raise _CutShortError(
                f"reading stopped after {seconds} s (`limits.list_seconds` in policy.toml)"
            )


def _overlap(last: list[str], ids: list[str]) -> int:
    """How many ids at the end of a page are the ones that the next page begins with."""
    if not ids or ids[0] not in last:
        return 0
    tail = last[last.index(ids[0]) :]
    return len(tail) if tail == ids[: len(tail)] else 0


def _too_many(limits: Limits) -> str:
    return f"reading stopped after {limits.pages} pages (`limits.pages` in policy.toml)"


def _total(page: ListPage[Any], number: int, before: int) -> int:
    """How many pages there are. Raises _CutShortError where that can't be relied on."""
    said = page.pages
    if said is None or said.total_pages is None:  # a server may give fewer rows than asked for
        raise _CutShortError(f"page {number} does not say how many there are (`pages`)")
    if said.page is not None and said.page != number:
        raise _CutShortError(f"page {said.page} came when page {number} was asked for")
    if said.total_pages < before:
        raise _CutShortError(f"the number of pages fell from {before} to {said.total_pages}")
    if said.total_pages < 1 and page.size:
        raise _CutShortError(f"page {number} has rows, and says that there are no pages")
    return said.total_pages


def _next(page: ListPage[Any], number: int, rows: int, per_page: int) -> str:
    """The cursor of the next page, "" on the last. Raises _CutShortError for any other."""
    said = page.pages
    if said is None and page.size >= per_page:
        raise _CutShortError(f"page {number} is full and does not say what follows (`pages`)")
    following = said.next if said else None
    if following is None:
        promised = said.total_pages if said and said.total_pages is not None else number
        if promised > number or (page.total is not None and page.total > rows):
            raise _CutShortError(f"page {number} is the last one, and more was promised")
        return ""
    cursor = following.get("starting_after") if isinstance(following, dict) else None
    if not isinstance(cursor, str) or not 0 < len(cursor) <= _CURSOR or "://" in cursor:
        raise _CutShortError(f"page {number} gives a cursor that can't be used (`pages.next`)")
    return cursor
