"""Conversations, and the messages that start them."""

from __future__ import annotations

from typing import Any, Final

from helpers.sandbox.api import SandboxCall, endpoint
from helpers.sandbox.listing import by_cursor, by_number, following, matches
from helpers.sandbox.responses import Refusal, SandboxResponse
from helpers.sandbox.workspace import JsonObject, SandboxWorkspace

__all__ = ["new_conversation"]


def new_conversation(workspace: SandboxWorkspace, contact: JsonObject, body: str) -> JsonObject:
    """Start a conversation with a contact."""
    id_ = str(workspace.next_number("conversation", 471))
    author = {"type": contact["role"], "id": contact["id"], "name": contact["name"]}
    conversation: JsonObject = {
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


def _source(workspace: SandboxWorkspace, author: JsonObject, body: str) -> JsonObject:
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


def _find(call: SandboxCall) -> JsonObject:
    found = call.workspace.collection("conversations").get(call.path["id"])
    if found is None:
        raise Refusal(404, "not_found", "Resource Not Found")
    return found


def _page(call: SandboxCall, found: list[JsonObject], asked: Any = None) -> SandboxResponse:
    page, pages = by_cursor(call, found, asked=asked)
    body = {"type": "conversation.list", "conversations": page, "total_count": len(found)}
    return SandboxResponse(body | {"pages": pages})


@endpoint("GET", "/conversations")
def list_conversations(call: SandboxCall) -> SandboxResponse:
    """A page of conversations."""
    return _page(call, list(call.workspace.collection("conversations").values()))


@endpoint("POST", "/conversations/search")
def search_conversations(call: SandboxCall) -> SandboxResponse:
    """Conversations by a query."""
    query = call.object.get("query")
    everything = call.workspace.collection("conversations").values()
    found = [c for c in everything if query is None or matches(c, query)]
    return _page(call, found, call.object.get("pagination") or {})


@endpoint("POST", "/conversations")
def start_conversation(call: SandboxCall) -> SandboxResponse:
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
    return SandboxResponse(message)


@endpoint("GET", "/conversations/{id}", lookup=_find)
def show_conversation(call: SandboxCall) -> SandboxResponse:
    """One conversation with its parts."""
    return SandboxResponse(_whole(call, call.found))


@endpoint("PUT", "/conversations/{id}", lookup=_find)
def update_conversation(call: SandboxCall) -> SandboxResponse:
    """Change title, read mark or attributes."""
    conversation, given = call.found, call.object
    conversation |= {key: given[key] for key in ("title", "read") if key in given}
    conversation["custom_attributes"] |= given.get("custom_attributes") or {}
    conversation["updated_at"] = call.workspace.now
    return SandboxResponse(_whole(call, conversation))


@endpoint("POST", "/conversations/{id}/reply", lookup=_find)
def reply(call: SandboxCall) -> SandboxResponse:
    """A teammate or the contact replies; a teammate's note is no reply."""
    given = call.object
    kind = given.get("message_type", "comment")
    part: JsonObject = {
        "type": "conversation_part",
        "id": str(call.workspace.next_number("part", 100)),
        "part_type": kind if kind in _REPLIES else "comment",
        "body": f"<p>{given.get('body') or ''}</p>",
        "created_at": call.workspace.now,
        "updated_at": call.workspace.now,
        "notified_at": call.workspace.now,
        "author": _author(call, given),
        "attachments": [],
        "external_id": None,
        "redacted": False,
    }
    call.workspace.collection(f"parts of {call.found['id']}")[part["id"]] = part
    return SandboxResponse(_whole(call, call.found))


_REPLIES: Final = ("comment", "note", "quick_reply")


def _author(call: SandboxCall, given: JsonObject) -> JsonObject:
    """The contact for a user's reply, else the teammate that the call names, else the caller."""
    workspace = call.workspace
    if given.get("type") == "user":
        id_ = given.get("intercom_user_id") or call.found["contacts"]["contacts"][0]["id"]
        contact = workspace.collection("contacts").get(str(id_))
        if contact is None:
            raise Refusal(404, "not_found", "User Not Found")
        return {"type": "user"} | {key: contact[key] for key in ("id", "name", "email")}
    admin = workspace.admins.get(str(given.get("admin_id")), call.actor)
    return {key: admin[key] for key in ("type", "id", "name", "email")}


@endpoint("DELETE", "/conversations/{id}", lookup=_find)
def delete_conversation(call: SandboxCall) -> SandboxResponse:
    """Delete a conversation; its id stays in a list of its own."""
    id_ = call.found["id"]
    del call.workspace.collection("conversations")[id_]
    call.workspace.collection(_DELETED)[id_] = {
        "type": "conversation",
        "id": id_,
        "metrics_retained": call.query.get("retain_metrics") != "false",
        "deleted_at": call.workspace.now,
    }
    return SandboxResponse({"id": id_, "object": "conversation", "deleted": True})


_DELETED: Final = "deleted conversations"


@endpoint("GET", "/conversations/deleted")
def list_deleted(call: SandboxCall) -> SandboxResponse:
    """A page of the deleted conversations, the newest first unless `order` is `asc`."""
    order = call.query.get("order") or "desc"
    if order not in ("asc", "desc"):
        raise Refusal(400, "parameter_invalid", "order is invalid", field="order")
    rows = sorted(
        call.workspace.collection(_DELETED).values(),
        key=lambda row: row["deleted_at"],
        reverse=order == "desc",
    )
    page, numbers = by_number(call, rows, size=20)
    link = f"/conversations/deleted?order={order}"
    pages = {"type": "pages"} | numbers | following(call, page, numbers, link=link)
    body = {"type": "conversations.list", "total_count": len(rows), "pages": pages}
    return SandboxResponse(body | {"conversations": page})


@endpoint("POST", "/messages")
def send_message(call: SandboxCall) -> SandboxResponse:
    """A teammate writes to a contact, or a contact to the workspace; the body is checked first."""
    given = call.object
    kind = given.get("message_type", "inapp")
    if not given.get("body"):
        raise Refusal(400, "parameter_invalid", "Body is required")
    if kind == "email" and not given.get("subject"):
        raise Refusal(422, "parameter_not_found", "No subject supplied for email message")
    message = {
        "type": "admin_message",
        "id": str(call.workspace.next_number("message", 403_918_320)),
        "created_at": call.workspace.now,
        "body": given["body"],
        "message_type": kind if kind in _CHANNELS else "inapp",
    }
    if (given.get("from") or {}).get("type") in ("user", "lead", "contact"):
        return SandboxResponse(message | _by_contact(call, given))
    return SandboxResponse(message | {"subject": given.get("subject", "")})


_CHANNELS: Final = ("email", "inapp", "facebook", "twitter")


def _by_contact(call: SandboxCall, given: JsonObject) -> JsonObject:
    contact = call.workspace.collection("contacts").get(str(given["from"].get("id")))
    if contact is None:
        raise Refusal(400, "parameter_invalid", "User Not Found")
    started = new_conversation(call.workspace, contact, str(given["body"]))
    return {"type": "user_message", "conversation_id": started["id"]}


def _whole(call: SandboxCall, conversation: JsonObject) -> JsonObject:
    parts = list(call.workspace.collection(f"parts of {conversation['id']}").values())
    return conversation | {
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": parts,
            "total_count": len(parts),
        }
    }
