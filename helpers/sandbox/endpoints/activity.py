"""The teammates' activity log."""

from __future__ import annotations

from typing import Any, Final

from helpers.sandbox.answers import Answer, Refusal
from helpers.sandbox.api import PREVIEWS, Call, endpoint, version_key
from helpers.sandbox.event_types import EVENT_TYPES
from helpers.sandbox.fields import whole_number

_MONTH: Final = 30 * 86_400


@endpoint("GET", "/admins/activity_logs")
def list_activity(call: Call) -> Answer:
    """A page of the log; `created_at_after` is required before version 2.17."""
    return _page(call, call.query, [])


@endpoint("POST", "/admins/activity_logs/search", since="2.16")
def search_activity(call: Call) -> Answer:
    """A page of the log, also by type."""
    return _page(call, call.object, call.object.get("event_types", []))


@endpoint("GET", "/admins/activity_log_event_types", since="2.16")
def list_event_types(call: Call) -> Answer:
    """The live list of types: the known ones, and those that occur in this log."""
    known = dict.fromkeys(EVENT_TYPES)
    known |= dict.fromkeys(row["activity_type"] for row in call.workspace.activity.rows)
    return Answer({"type": "activity_log_event_type.list", "event_types": list(known)})


def _page(call: Call, given: Any, types: list[str]) -> Answer:
    page = _number(given, "page", 1, low=1)
    size = min(_number(given, "per_page", 20, low=1), 250)
    after = _number(given, "created_at_after", _earliest(call, given))
    before = _number(given, "created_at_before", call.workspace.now)
    found = call.workspace.activity.select(after, before, frozenset(types))
    pages = {
        "type": "pages",
        "next": None,
        "page": page,
        "per_page": size,
        "total_pages": max(-(-len(found) // size), 1),
    }
    rows = found.cut((page - 1) * size, page * size)
    return Answer({"type": "activity_log.list", "pages": pages, "activity_logs": rows})


def _earliest(call: Call, given: Any) -> int:
    optional = call.version not in PREVIEWS and version_key(call.version) >= (2, 17)
    if "created_at_after" in given or optional:
        return call.workspace.now - _MONTH
    message = "created_at_after is required"
    raise Refusal(400, "parameter_not_found", message, field="created_at_after")


def _number(given: Any, name: str, default: int, *, low: int = 0) -> int:
    value = given.get(name)
    if value is None or value == "":
        return default
    return whole_number(value, name, low=low)
