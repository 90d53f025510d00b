"""Events: what contacts did, as reported by your own systems. A lossy store, as documented.

At most ten metadata keys are kept, nesting is refused, and of two events of the same contact, name
and second only the first is kept, although both get a 202.
"""

from __future__ import annotations

from typing import Final

from helpers.sandbox.api import SandboxCall, endpoint
from helpers.sandbox.responses import Refusal, SandboxResponse
from helpers.sandbox.workspace import JsonObject

_METADATA_KEYS: Final = 10
_KEPT: Final = 90 * 86_400  # seconds that events can be listed for
_RICH: Final = (  # the documented forms of a value that is an object, by their keys
    {"amount", "currency"},
    {"url", "value"},
)


@endpoint("POST", "/events")
def submit_event(call: SandboxCall) -> SandboxResponse:
    """Accept an event of an existing contact; the response is empty."""
    given = call.object
    name, at = given.get("event_name"), given.get("created_at")
    if not isinstance(name, str) or not name:
        raise Refusal(400, "parameter_not_found", "event_name is required", field="event_name")
    if isinstance(at, bool) or not isinstance(at, int):
        raise Refusal(400, "parameter_invalid", "created_at is invalid", field="created_at")
    contact = _contact(call, given)
    metadata = _metadata(given.get("metadata") or {})
    kept = call.workspace.collection("events")
    kept.setdefault(
        f"{contact['id']}/{name}/{at}",
        {
            "type": "event",
            "id": call.workspace.next_hex_id("event"),
            "event_name": name,
            "created_at": at,
            "intercom_user_id": contact["id"],
            "email": contact["email"],
            "metadata": metadata,
        }
        | ({"user_id": contact["external_id"]} if contact["external_id"] else {}),
    )
    return SandboxResponse(status=202)


@endpoint("GET", "/events")
def list_events(call: SandboxCall) -> SandboxResponse:
    """The events of one contact, or with `summary=true` their counts, including old events."""
    contact = _contact(call, _contact_in_query(call))
    everything = call.workspace.collection("events").values()
    events = [e for e in everything if e["intercom_user_id"] == contact["id"]]
    if call.query.get("summary") == "true":
        return SandboxResponse(_summary(contact, events))
    events = [e for e in events if e["created_at"] > call.workspace.now - _KEPT]
    events.sort(key=lambda e: -int(e["created_at"]))
    return SandboxResponse(_page(call, contact, events))


def _page(call: SandboxCall, contact: JsonObject, events: list[JsonObject]) -> JsonObject:
    """Newest first; `before` is in milliseconds, as in the documentation's example."""
    size = call.integer("per_page", 15, high=150)
    before = call.integer("before", 0)
    left = [e for e in events if not before or e["created_at"] * 1000 < before]
    pages = {}
    if len(left) > size:
        last = left[size - 1]["created_at"] * 1000
        query = f"type=user&intercom_user_id={contact['id']}&per_page={size}&before={last}"
        pages["next"] = f"{call.base_url}/events?{query}"
    return {"type": "event.list", "events": left[:size], "pages": pages}


def _contact_in_query(call: SandboxCall) -> JsonObject:
    """The contact's name in the query: `user_id=…`, or `filter[user_id]=…` as the SDKs write."""
    pairs = {"intercom_user_id": "id", "user_id": "user_id", "email": "email"}
    for key, name in pairs.items():
        value = call.query.get(key) or call.query.get(f"filter[{key}]")
        if value:
            return {name: value}
    return {}


def _contact(call: SandboxCall, given: JsonObject) -> JsonObject:
    for key, own in (("id", "id"), ("user_id", "external_id"), ("email", "email")):
        value = given.get(key)
        for contact in call.workspace.collection("contacts").values() if value else ():
            if contact[own] == value:
                return contact
    raise Refusal(404, "not_found", "User Not Found")


def _metadata(given: JsonObject) -> JsonObject:
    for value in given.values():
        if isinstance(value, list) or (isinstance(value, dict) and set(value) not in _RICH):
            message = "metadata values can't be nested"
            raise Refusal(400, "parameter_invalid", message, field="metadata")
    return dict(list(given.items())[:_METADATA_KEYS])


def _summary(contact: JsonObject, events: list[JsonObject]) -> JsonObject:
    names = dict.fromkeys(event["event_name"] for event in events)
    by_name = {name: [e["created_at"] for e in events if e["event_name"] == name] for name in names}
    return {
        "type": "event.summary",
        "email": contact["email"],
        "intercom_user_id": contact["id"],
        "user_id": contact["external_id"] or "",
        "events": [
            {
                "name": name,
                "first": str(min(times)),
                "last": str(max(times)),
                "count": len(times),
                "description": "",
            }
            for name, times in by_name.items()
        ],
    }
