"""Intercom's search queries: a field, an operator and a value, or several joined by AND or OR."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from helpers.sandbox.answers import Refusal
from helpers.sandbox.workspace import Item

__all__ = ["matches"]

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


def matches(item: Item, query: Item) -> bool:
    """Whether an item fits. Raises Refusal (400) for a query that can't be understood."""
    try:
        return _fits(item, query)
    except (AttributeError, KeyError, TypeError):
        raise Refusal(400, "parameter_invalid", "The query is invalid", field="query") from None


def _fits(item: Item, query: Item) -> bool:
    operator, value = query["operator"], query["value"]
    if operator in ("AND", "OR"):
        parts = [_fits(item, part) for part in value]
        return all(parts) if operator == "AND" else any(parts)
    found: Any = item
    for step in query["field"].split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return _TESTS[operator](found, value)
