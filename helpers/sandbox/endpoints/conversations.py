"""Conversations, and the messages that start them."""

from __future__ import annotations

from typing import Any

from helpers.sandbox.answers import Answer, Refusal
from helpers.sandbox.api import Call, endpoint
from helpers.sandbox.paging import by_cursor
from helpers.sandbox.search import matches
from helpers.sandbox.workspace import Item, Workspace

__all__ = ["new_conversation"]


def new_conversation(workspace: Workspace, contact: Item, body: str) -> Item:
    """Start a conversation with a contact and keep it."""
    id_ = str(workspace.next_number("conversation", 471))
    author = {"type": contact["role"], "id": contact["id"], "name": contact["name"]}
    conversation: Item = {
        "type": "conversation",
        "id": id_,
        "title": None,
        "created_at": workspace.now,
        "updated_at": workspace.now,
        "waiting_since": None,
        "snoozed_until": None,
        "open": True,
        "state": "open",
        "read": False,
        "priority": "none",
        "tags": {"type": "tag.list", "tags": []},
        "source": _source(workspace, author | {"email": contact["email"]}, body),
        "contacts": {
            "type": "contact.list",
            "contacts": [
                {"type": "contact", "id": contact["id"], "external_id": contact["external_id"]}
            ],
        },
        "teammates": {"type": "admin.list", "teammates": []},
        "custom_attributes": {},
        "ai_agent_participated": False,
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": False},
    }
    workspace.collection("conversations")[id_] = conversation
    return conversation


def _source(workspace: Workspace, author: Item, body: str) -> Item:
    return {
        "type": "conversation",
        "id": str(workspace.next_number("message", 403_918_320)),
        "delivered_as": "customer_initiated",
        "subject": "",
        "body": f"<p>{body}</p>",
        "author": author,
        "attachments": [],
        "url": None,
        "redacted": False,
    }


def _find(call: Call) -> Item:
    found = call.workspace.collection("conversations").get(call.path["id"])
    if found is None:
        raise Refusal(404, "not_found", "Resource Not Found")
    return found


def _page(call: Call, found: list[Item], asked: Any = None) -> Answer:
    page, pages = by_cursor(call, found, asked=asked)
    body = {"type": "conversation.list", "conversations": page, "total_count": len(found)}
    return Answer(body | {"pages": pages})


@endpoint("GET", "/conversations")
def list_conversations(call: Call) -> Answer:
    """A page of conversations."""
    return _page(call, list(call.workspace.collection("conversations").values()))


@endpoint("POST", "/conversations/search")
def search_conversations(call: Call) -> Answer:
    """Conversations by a query."""
    query = call.object.get("query")
    everything = call.workspace.collection("conversations").values()
    found = [c for c in everything if query is None or matches(c, query)]
    return _page(call, found, call.object.get("pagination") or {})


@endpoint("POST", "/conversations")
def start_conversation(call: Call) -> Answer:
    """A contact starts a conversation."""
    given = call.object
    sender = given.get("from") or {}
    contact = call.workspace.collection("contacts").get(str(sender.get("id", "")))
    if contact is None:
        raise Refusal(404, "not_found", "User Not Found")
    started = new_conversation(call.workspace, contact, str(given.get("body", "")))
    message = {
        "type": "user_message",
        "id": started["source"]["id"],
        "created_at": started["created_at"],
        "body": given.get("body", ""),
        "message_type": "inapp",
        "conversation_id": started["id"],
    }
    return Answer(message)


@endpoint("GET", "/conversations/{id}", lookup=_find)
def show_conversation(call: Call) -> Answer:
    """One conversation with its parts."""
    return Answer(_whole(call, call.found))


@endpoint("PUT", "/conversations/{id}", lookup=_find)
def update_conversation(call: Call) -> Answer:
    """Change title, read mark or attributes."""
    conversation, given = call.found, call.object
    conversation |= {key: given[key] for key in ("title", "read") if key in given}
    conversation["custom_attributes"] |= given.get("custom_attributes") or {}
    conversation["updated_at"] = call.workspace.now
    return Answer(_whole(call, conversation))


@endpoint("POST", "/conversations/{id}/reply", lookup=_find)
def reply(call: Call) -> Answer:
    """A teammate answers."""
    part: Item = {
        "type": "conversation_part",
        "id": str(call.workspace.next_number("part", 100)),
        "part_type": "comment",
        "body": f"<p>{call.object.get('body', '')}</p>",
        "created_at": call.workspace.now,
        "updated_at": call.workspace.now,
        "notified_at": call.workspace.now,
        "author": {k: call.actor[k] for k in ("type", "id", "name", "email")},
        "attachments": [],
        "external_id": None,
        "redacted": False,
    }
    call.workspace.collection(f"parts of {call.found['id']}")[part["id"]] = part
    return Answer(_whole(call, call.found))


@endpoint("DELETE", "/conversations/{id}", lookup=_find)
def delete_conversation(call: Call) -> Answer:
    """Delete a conversation."""
    del call.workspace.collection("conversations")[call.found["id"]]
    return Answer({"id": call.found["id"], "object": "conversation", "deleted": True})


@endpoint("POST", "/messages")
def send_message(call: Call) -> Answer:
    """A teammate writes to a contact; the body is what is checked first."""
    given = call.object
    if not given.get("body"):
        raise Refusal(400, "parameter_invalid", "Body is required")
    message = {
        "type": "admin_message",
        "id": str(call.workspace.next_number("message", 403_918_320)),
        "created_at": call.workspace.now,
        "subject": given.get("subject", ""),
        "body": given["body"],
        "message_type": given.get("message_type", "inapp"),
    }
    return Answer(message)


def _whole(call: Call, conversation: Item) -> Item:
    parts = list(call.workspace.collection(f"parts of {conversation['id']}").values())
    return conversation | {
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": parts,
            "total_count": len(parts),
        }
    }
