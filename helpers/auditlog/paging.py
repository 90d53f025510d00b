"""The pages of Intercom's activity log, and the proof that all of them came.

The search is asked, whose `page` and `per_page` (at most 250) description 2.16 documents; where it
is refused, `GET /admins/activity_logs`, for which only later ones do. Nothing is taken on trust: a
page that repeats another, a short page in the middle or a number of pages that shrinks says that
rows are missing, and then the rows that came are a part of the log only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Protocol

from helpers.core.errors import CollectionError

__all__ = [
    "ActivityPage",
    "PageSource",
    "PagingProof",
    "UnprovenPagingError",
    "activity_pages",
    "workspace_of",
]

_PER_PAGE: Final = 250  # Intercom's maximum
_MOST_PAGES: Final = 40_000  # of one range of days, at most a month: 10 million rows
_CALL: Final = "POST /admins/activity_logs/search"


class UnprovenPagingError(Exception):
    """The pages that came are not, or not provably, all there are."""


@dataclass(frozen=True)
class ActivityPage:
    """One page: its rows as they came, what it says of the pages, and the server's Date."""

    rows: Sequence[Any]
    total: Any  # `pages.total_pages`
    number: Any = None  # `pages.page`
    size: Any = None  # `pages.per_page`
    asked: int = 1  # the number of the page that was asked for
    at: datetime | None = None
    call: str = _CALL


class PageSource(Protocol):
    """Returns one page of the activity log."""

    def __call__(self, after: int, before: int, page: int) -> ActivityPage:
        """The rows in [after, before], Unix seconds."""


class PagingProof:
    """Compares each page, in order, with those before it."""

    def __init__(self) -> None:
        self.total = 0
        self._size = 0
        self._seen: set[bytes] = set()

    def take(self, page: ActivityPage) -> str:
        """Why the pages so far are not whole; "" while nothing is missing."""
        total = page.total
        if type(total) is not int or total < (1 if page.rows else 0):
            return f"{page.call} does not say how many pages there are."
        if total > _MOST_PAGES:
            return f"{page.call} promises {total:,} pages; at most {_MOST_PAGES:,} are read."
        if type(page.number) is int and page.number != page.asked:
            return f"{page.call} answered page {page.number} where page {page.asked} was asked for."
        if total < self.total:
            return f"{page.call} promised {self.total:,} pages, then {total:,}."
        self.total = total
        return self._repeated(page) or self._short(page)

    def _repeated(self, page: ActivityPage) -> str:
        ids = [row.get("id") for row in page.rows if isinstance(row, dict)]
        named = [one for one in ids if isinstance(one, str)]
        if len(set(named)) < len(named):
            return f"{page.call} answered page {page.asked} with the same row twice."
        found = sha256(repr(page.rows).encode("utf-8", "backslashreplace")).digest()
        if page.rows and found in self._seen:
            return f"{page.call} answered page {page.asked} with the rows of an earlier page."
        self._seen.add(found)
        return ""

    def _short(self, page: ActivityPage) -> str:
        """Only the last page may be short."""
        if page.asked == 1:
            self._size = page.size if type(page.size) is int else len(page.rows)
        if page.asked < page.total and len(page.rows) < max(self._size, 1):
            return (
                f"{page.call} answered page {page.asked} of {page.total:,} with {len(page.rows)} "
                f"rows instead of {self._size}."
            )
        return ""


def activity_pages(client: Any) -> PageSource:
    """A source of pages that reads from an Intercom client."""

    def page(after: int, before: int, page: int) -> ActivityPage:
        answer = client.activity_answer(after, before, page, per_page=_PER_PAGE)
        body = answer.json()
        rows, pages = body.get("activity_logs"), body.get("pages")
        if not isinstance(rows, list):
            raise _unreadable(answer.call, "activity_logs is not a list")
        if len(rows) > _PER_PAGE:
            what = f"{len(rows):,} rows came where {_PER_PAGE} were asked for"
            raise _unreadable(answer.call, what)
        if not isinstance(pages, dict):
            raise _unreadable(answer.call, "pages is not an object")
        return ActivityPage(
            rows=rows,
            total=pages.get("total_pages"),
            number=pages.get("page"),
            size=pages.get("per_page"),
            asked=page,
            at=answer.date,
            call=answer.call,
        )

    return page


def workspace_of(client: Any) -> str:
    """The id of the workspace that a client's token belongs to, `app.id_code`."""
    workspace: str = client.me().app.id_code
    return workspace


def _unreadable(call: str, what: str) -> CollectionError:
    return CollectionError(
        f"{call} was answered, but {what}.",
        "Is INTERCOM_BASE_URL the API's own host, and the version one that is supported?",
    )
