"""Lists as Intercom pages them: by an opaque cursor, by number, or not at all."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from helpers.sandbox.answers import Refusal
from helpers.sandbox.api import Call
from helpers.sandbox.fields import whole_number
from helpers.sandbox.workspace import Item

__all__ = ["by_cursor", "by_number", "cursor_alone"]


def by_cursor(
    call: Call, items: Sequence[Item], *, size: int = 20, most: int = 150, asked: Any = None
) -> tuple[list[Item], Item]:
    """A page and its `pages` object; `starting_after` of the query (or `asked`) is the cursor.

    A cursor names the item before the page, so what is added in between moves nothing. Raises
    Refusal (400) for a cursor that no page has given.
    """
    given = call.query if asked is None else asked
    size = _size(given.get("per_page"), size, most)
    start = _after(given.get("starting_after"), items)
    page = list(items[start : start + size])
    pages: Item = {
        "type": "pages",
        "page": start // size + 1,
        "per_page": size,
        "total_pages": -(-len(items) // size),
    }
    if start + size < len(items):
        pages["next"] = {"per_page": size, "starting_after": _cursor(page[-1])}
    return page, pages


def cursor_alone(pages: Item) -> Item:
    """The form of `pages` that has no page numbers."""
    after = {"starting_after": pages["next"]["starting_after"]} if "next" in pages else None
    return {"type": "pages", "per_page": pages["per_page"], "next": after}


def by_number(
    call: Call, items: Sequence[Item], *, size: int = 50, most: int = 150
) -> tuple[list[Item], Item]:
    """A page and its numbers: `page`, `per_page`, `total_pages`."""
    size = call.integer("per_page", size, high=most)
    page = call.integer("page", 1)
    numbers = {"page": page, "per_page": size, "total_pages": max(-(-len(items) // size), 1)}
    return list(items[(page - 1) * size : page * size]), numbers


def _size(value: Any, default: int, most: int) -> int:
    if value is None or value == "":
        return default
    return min(whole_number(value, "per_page", low=1), most)


def _cursor(item: Item) -> str:
    return base64.b64encode(json.dumps([item.get("created_at"), item["id"]]).encode()).decode()


def _after(cursor: Any, items: Sequence[Item]) -> int:
    if not cursor:
        return 0
    try:
        _, id_ = json.loads(base64.b64decode(str(cursor), validate=True))
        return 1 + [item["id"] for item in items].index(id_)
    except (ValueError, binascii.Error, TypeError):
        message = (
            "Invalid starting_after param. "
            "Please try again using a starting_after value from a paginated response"
        )
        raise Refusal(400, "client_error", message) from None
