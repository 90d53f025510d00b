"""Changes to honest JSON: the parts from which the modes of `misbehaviour` are made.

Each function takes a change of one part of a body (the list, its rows, fields of a kind, the pages)
and returns a change of the whole body. A body without such a part stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

__all__ = [
    "GONE",
    "Change",
    "each_row",
    "fields",
    "flag",
    "identifier",
    "in_list",
    "in_pages",
    "in_rows",
    "iso",
    "key_of_list",
    "kind",
    "nested",
    "rename_list",
    "text",
    "time",
]

Change = Callable[[Any], Any]
FieldTest = Callable[[str, Any], bool]
GONE: Final = object()  # what a change returns for a field that is to be missing

# the field that holds the rows, whatever the list is a list of
_LISTS: Final = (
    *("data", "admins", "activity_logs", "ip_allowlist", "event_types", "conversations"),
    *("segments", "teams", "tags", "events"),
)
_KINDS: Final = ("activity_type", "state", "role", "http_method", "part_type", "data_type")


def key_of_list(body: Any) -> str:
    """The field of a body that holds its list, or ""."""
    if not isinstance(body, dict):
        return ""
    return next((key for key in _LISTS if isinstance(body.get(key), list)), "")


def in_list(change: Change) -> Change:
    """Change the list as a whole; GONE removes it."""

    def apply(body: Any) -> Any:
        key = key_of_list(body)
        return _with(body, key, change(body[key])) if key else body

    return apply


def rename_list(body: Any) -> Any:
    """The same list under a name that nobody knows."""
    key = key_of_list(body)
    return {f"{k}_v2" if k == key else k: v for k, v in body.items()} if key else body


def in_rows(change: Callable[[list[Any]], list[Any]]) -> Change:
    """Change the list of rows where there are rows."""
    return in_list(lambda rows: change(rows) if rows else rows)


def each_row(change: Change) -> Change:
    """Change every row of a list."""
    return in_rows(lambda rows: [change(row) for row in rows])


def in_pages(change: Change) -> Change:
    """Change `pages`, or the numbers of a list that has them beside its rows."""

    def apply(body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        if isinstance(body.get("pages"), dict):
            return _with(body, "pages", change(body["pages"]))
        return change(body) if "total_pages" in body else body

    return apply


def fields(test: FieldTest, change: Change) -> Change:
    """Change every field, at any depth, that the test chooses by name and value."""

    def apply(node: Any) -> Any:
        if isinstance(node, list):
            return [apply(item) for item in node]
        if not isinstance(node, dict):
            return node
        changed = {k: change(v) if test(k, v) else apply(v) for k, v in node.items()}
        return {k: v for k, v in changed.items() if v is not GONE}

    return apply


def identifier(name: str, _value: Any) -> bool:
    """Whether a field is an id."""
    return name in ("id", "id_code")


def time(name: str, value: Any) -> bool:
    """Whether a field is a time in Unix seconds."""
    return name.endswith("_at") and isinstance(value, int)


def flag(_name: str, value: Any) -> bool:
    """Whether a field says yes or no."""
    return isinstance(value, bool)


def kind(name: str, value: Any) -> bool:
    """Whether a field's values are a set that the description lists."""
    return name in _KINDS and isinstance(value, str)


def text(name: str, value: Any) -> bool:
    """Whether a field is text that a person wrote."""
    return name in ("name", "email", "url", "activity_description") and isinstance(value, str)


def nested(name: str, value: Any) -> bool:
    """Whether a field is an object of its own, other than the pages."""
    return name != "pages" and isinstance(value, dict)


def iso(seconds: int) -> str:
    """A time as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _with(body: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    return {k: value if k == key else v for k, v in body.items() if k != key or value is not GONE}
