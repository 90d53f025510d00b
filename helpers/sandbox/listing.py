"""Lists as Intercom searches and pages them.

A search query is a field, an operator and a value, or several joined by AND or OR. Lists are paged
by an opaque cursor, by number, or not at all.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from helpers.sandbox.api import SandboxCall, whole_number
from helpers.sandbox.responses import Refusal
from helpers.sandbox.workspace import JsonObject

__all__ = ["by_cursor", "by_number", "cursor_alone", "following", "matches"]


def by_cursor(
    call: SandboxCall,
    items: Sequence[JsonObject],
    *,
    size: int = 20,
    most: int = 150,
    asked: Any = None,
) -> tuple[list[JsonObject], JsonObject]:
    """A page and its `pages` object; `starting_after` of the query (or `asked`) is the cursor.

    A cursor names the item before the page, so items added meanwhile shift nothing. Raises Refusal
    (400) for a cursor that no page returned.
    """
    given = call.query if asked is None else asked
    size = _size(given.get("per_page"), size, most)
    start = _after(given.get("starting_after"), items)
    page = list(items[start : start + size])
    pages: JsonObject = {
        "type": "pages",
        "page": start // size + 1,
        "per_page": size,
        "total_pages": -(-len(items) // size),
    }
    if start + size < len(items):
        pages["next"] = {"per_page": size, "starting_after": _cursor(page[-1])}
    return page, pages


def cursor_alone(pages: JsonObject) -> JsonObject:
    """The form of `pages` that has no page numbers."""
    after = {"starting_after": pages["next"]["starting_after"]} if "next" in pages else None
    return {"type": "pages", "per_page": pages["per_page"], "next": after}


def by_number(
    call: SandboxCall, items: Sequence[JsonObject], *, size: int = 50, most: int = 150
) -> tuple[list[JsonObject], JsonObject]:
    """A page and its numbers: `page`, `per_page`, `total_pages`.

    A cursor from `following` leads to its page too.
    """
    size = call.integer("per_page", size, high=most)
    page = call.integer("page", 1)
    if cursor := call.query.get("starting_after"):
        page = _after(cursor, items) // size + 1
    numbers = {"page": page, "per_page": size, "total_pages": max(-(-len(items) // size), 1)}
    return list(items[(page - 1) * size : page * size]), numbers


def following(
    call: SandboxCall, page: Sequence[JsonObject], numbers: JsonObject, *, link: str = ""
) -> JsonObject:
    """`next` of a numbered list, nothing on its last page: a cursor, or the address of `link`."""
    if numbers["page"] >= numbers["total_pages"]:
        return {}
    size = numbers["per_page"]
    if link:
        query = f"{'&' if '?' in link else '?'}per_page={size}&page={numbers['page'] + 1}"
        return {"next": f"{call.base_url}{link}{query}"}
    return {"next": {"per_page": size, "starting_after": _cursor(page[-1])}}


def _size(value: Any, default: int, most: int) -> int:
    if value is None or value == "":
        return default
    return min(whole_number(value, "per_page", low=1), most)


def _cursor(item: JsonObject) -> str:
    return base64.b64encode(json.dumps([item.get("created_at"), item["id"]]).encode()).decode()


def _after(cursor: Any, items: Sequence[JsonObject]) -> int:
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


_TESTS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda found, value: bool(found == value),
    "!=": lambda found, value: bool(found != value),
    "IN": lambda found, value: found in value,
    "NIN": lambda found, value: found not in value,
    ">": lambda found, value: found is not None and bool(found > value),
    "<": lambda found, value: found is not None and bool(found < value),
    "~": lambda found, value: found is not None and str(value) in str(found),
    "!~": lambda found, value: found is None or str(value) not in str(found),
    "^": lambda found, value: found is not None and str(found).startswith(str(value)),
    "$": lambda found, value: found is not None and str(found).endswith(str(value)),
}


def matches(item: JsonObject, query: JsonObject) -> bool:
    """Whether an item matches. Raises Refusal (400) for an invalid query."""
    try:
        return _fits(item, query)
    except (AttributeError, KeyError, TypeError):
        raise Refusal(400, "parameter_invalid", "The query is invalid", field="query") from None


def _fits(item: JsonObject, query: JsonObject) -> bool:
    operator, value = query["operator"], query["value"]
    if operator in ("AND", "OR"):
        parts = [_fits(item, part) for part in value]
        return all(parts) if operator == "AND" else any(parts)
    found: Any = item
    for step in query["field"].split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return _TESTS[operator](found, _typed(value, found))


def _typed(value: Any, found: Any) -> Any:
    """A value as the field's type: the description's own examples write times and flags as text."""
    if not isinstance(value, str):
        return value
    if isinstance(found, bool) and value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(found, int) and value.isdecimal() else value
