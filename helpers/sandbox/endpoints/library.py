"""Things that are mostly read: one table says how each is listed, shown, missed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from helpers.sandbox.answers import Answer, Refusal
from helpers.sandbox.api import Call, endpoint
from helpers.sandbox.paging import by_cursor, by_number, cursor_alone
from helpers.sandbox.workspace import Item

__all__ = ["KINDS", "Kind", "find"]


@dataclass(frozen=True)
class Kind:
    """A kind of thing. `paging`: `cursor`, `pages` (numbers in `pages`), `flat` or `` (none)."""

    path: str
    name: str = ""  # of the collection; by default the last word of the path
    paging: str = ""
    list_type: str = "list"
    items_key: str = "data"
    size: int = 50
    shows: bool = True
    missing: tuple[str, str] = ("not_found", "Resource Not Found")
    # the `object` of a deletion's answer; `204` or `empty` without a body, `self` with what it was
    deletes: str = ""

    @property
    def collection(self) -> str:
        """Where the workspace keeps them."""
        return self.name or self.path.rsplit("/", 1)[-1]


KINDS: Final = (
    Kind("/tags", deletes="empty"),
    Kind("/segments", list_type="segment.list", items_key="segments"),
    Kind(
        "/teams",
        list_type="team.list",
        items_key="teams",
        missing=("team_not_found", "Team not found"),
    ),
    Kind("/macros", paging="cursor", missing=("not_found", "Macro not found")),
    Kind("/ticket_types"),
    Kind("/articles", paging="pages", size=25, deletes="article"),
    Kind("/news/news_items", paging="pages", size=10, deletes="news-item"),
    Kind("/news/newsfeeds", paging="pages", size=10, shows=False),
    Kind("/ai/external_pages", paging="pages", deletes="self"),
    Kind("/data_attributes", shows=False),
    Kind(
        "/content_snippets",
        paging="flat",
        missing=("not_found", "Content snippet not found"),
        deletes="204",
    ),
    Kind("/audiences", paging="flat", deletes="204"),
)
# what can be deleted, but not listed
_UNLISTED: Final = (
    Kind("/tickets", missing=("ticket_not_found", "Ticket not found"), deletes="ticket"),
)


def find(kind: Kind, call: Call) -> Item:
    """The thing that the path names. Raises Refusal (404) with the documented code."""
    item = call.workspace.collection(kind.collection).get(call.path["id"])
    if item is None:
        raise Refusal(404, *kind.missing)
    return item


def list_all(kind: Kind, call: Call) -> Answer:
    """A page of them, in the documented form."""
    items = list(call.workspace.collection(kind.collection).values())
    body: Item = {"type": kind.list_type}
    if not kind.paging:
        return Answer(body | {kind.items_key: items})
    if kind.paging == "cursor":
        page, pages = by_cursor(call, items, size=kind.size)
        return Answer(body | {kind.items_key: page, "pages": cursor_alone(pages)})
    page, numbers = by_number(call, items, size=kind.size)
    body |= {kind.items_key: page, "total_count": len(items)}
    return Answer(
        body | (numbers if kind.paging == "flat" else {"pages": {"type": "pages"} | numbers})
    )


def show(call: Call) -> Answer:
    """One of them."""
    return Answer(call.found)


def delete(kind: Kind, call: Call) -> Answer:
    """Delete it."""
    del call.workspace.collection(kind.collection)[call.found["id"]]
    if kind.deletes == "204":
        return Answer(status=204)
    if kind.deletes in ("empty", "self"):
        return Answer(call.found if kind.deletes == "self" else None)
    return Answer({"id": call.found["id"], "object": kind.deletes, "deleted": True})


def _register() -> None:
    for kind in KINDS:
        endpoint("GET", kind.path)(partial(list_all, kind))
    for kind in (*KINDS, *_UNLISTED):
        lookup: Callable[[Call], Item] = partial(find, kind)
        if kind.shows and kind not in _UNLISTED:
            endpoint("GET", f"{kind.path}/{{id}}", lookup=lookup)(show)
        if kind.deletes:
            endpoint("DELETE", f"{kind.path}/{{id}}", lookup=lookup)(partial(delete, kind))


_register()
