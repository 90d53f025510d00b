"""Deliveries as Intercom sends them, for the documented topics. All names are invented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from helpers.webhooks.signatures import CANVAS_KIT, FIN_AGENT, Scheme

__all__ = ["TOPICS", "compact", "notification", "sample"]

_CONTACT: Final = {
    "type": "contact",
    "id": "64be1c8f5e0a4b0012345678",
    "external_id": "customer-7",
    "role": "user",
    "name": "Zoë Ångström",
    "email": "zoe@example.com",
}
_CONVERSATION: Final = {
    "type": "conversation",
    "id": "1480",
    "created_at": 1_772_438_400,
    "updated_at": 1_772_438_460,
    "state": "open",
    "open": True,
    "read": False,
    "source": {
        "type": "conversation",
        "id": "2001",
        "delivered_as": "customer_initiated",
        "subject": "",
        "body": "<p>Where is my order? It's 3 days late &amp; I need it.</p>",
        "author": {"type": "user", "id": _CONTACT["id"], "name": _CONTACT["name"]},
    },
    "contacts": {
        "type": "contact.list",
        "contacts": [{"type": "contact", "id": _CONTACT["id"], "external_id": "customer-7"}],
    },
    "conversation_parts": {
        "type": "conversation_part.list",
        "conversation_parts": [],
        "total_count": 0,
    },
    "tags": {"type": "tag.list", "tags": []},
}
_ADMIN: Final = {"type": "admin", "id": "814860", "name": "Ada Admin", "email": "ada@example.com"}
_COMPANY: Final = {
    "type": "company",
    "id": "6310a1c2b3d4e5f60718293a",
    "company_id": "acme-1",
    "name": "Acme \u2013 Zürich",
    "plan": {"type": "plan", "name": "Pro"},
    "user_count": 12,
}
_TICKET: Final = {
    "type": "ticket",
    "id": "991",
    "ticket_id": "17",
    "category": "Customer",
    "ticket_state": {"type": "ticket_state", "category": "submitted"},
    "ticket_attributes": {"_default_title_": "Refund", "_default_description_": "Please."},
}
_ACTIVITY: Final = {
    "type": "activity_log",
    "id": "b1f6c2e0-0000-4000-8000-000000000001",
    "performed_by": {**_ADMIN, "ip": "203.0.113.7"},
    "metadata": {"sign_in_method": "email_password"},
    "created_at": 1_772_438_400,
    "activity_type": "admin_login_success",
    "activity_description": "Ada Admin successfully logged in.",
}
_EVENT: Final = {
    "type": "event",
    "event_name": "ordered-item",
    "created_at": 1_772_438_400,
    "user_id": "customer-7",
    "id": "5f0c1a2b3c4d5e6f70819202",
    "metadata": {"order_number": "3434-3434", "price": {"amount": 2999, "currency": "eur"}},
}
_REPLIED: Final = {
    **_CONVERSATION,
    "conversation_parts": {
        "type": "conversation_part.list",
        "conversation_parts": [
            {
                "type": "conversation_part",
                "id": "3001",
                "part_type": "comment",
                "body": "<p>Any news? \U0001f642</p>",
                "author": {"type": "user", "id": _CONTACT["id"]},
            }
        ],
        "total_count": 1,
    },
}
_PING: Final = {
    "type": "ping",
    "message": "something something interzen",
}

_SHORT_ITEM: Final = {  # what the battery sends, short so that its curl lines stay readable
    "type": "conversation",
    "id": "1480",
    "source": {"author": {"type": "user", "name": "Zoë"}, "body": "<p>Where is my order?</p>"},
}

# topic: the item of the notification
TOPICS: Final[Mapping[str, Mapping[str, Any]]] = {
    "admin.activity_log_event.created": _ACTIVITY,
    "admin.added_to_workspace": _ADMIN,
    "admin.away_mode_updated": {**_ADMIN, "away_mode_enabled": True},
    "admin.logged_in": _ADMIN,
    "admin.logged_out": _ADMIN,
    "admin.removed_from_workspace": _ADMIN,
    "company.created": _COMPANY,
    "company.deleted": {"type": "company", "id": _COMPANY["id"], "company_id": "acme-1"},
    "company.updated": _COMPANY,
    "contact.archived": _CONTACT,
    "contact.deleted": {"type": "contact", "id": _CONTACT["id"], "external_id": "customer-7"},
    "contact.email.updated": _CONTACT,
    "contact.user.created": _CONTACT,
    "contact.user.updated": _CONTACT,
    "conversation.admin.assigned": {**_CONVERSATION, "admin_assignee_id": 814_860},
    "conversation.admin.closed": {**_CONVERSATION, "state": "closed", "open": False},
    "conversation.admin.replied": _REPLIED,
    "conversation.priority.updated": {**_CONVERSATION, "priority": "priority"},
    "conversation.rating.added": {
        **_CONVERSATION,
        "conversation_rating": {"rating": 5, "remark": "Merci !"},
    },
    "conversation.user.created": _CONVERSATION,
    "conversation.user.replied": _REPLIED,
    "event.created": _EVENT,
    "ping": _PING,
    "ticket.created": _TICKET,
    "ticket.state.updated": _TICKET,
}


def compact(document: object) -> bytes:
    """JSON as Intercom sends it: no white space, text in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def notification(
    topic: str, *, app_id: str, identifier: str | None, sent_at: int, item: object = None
) -> dict[str, Any]:
    """The envelope of a webhook delivery. Times are Unix seconds. A ping has no identifier."""
    return {
        "type": "notification_event",
        "app_id": app_id,
        "data": {
            "type": "notification_event_data",
            "item": TOPICS.get(topic, _CONVERSATION) if item is None else item,
        },
        "links": {},
        "id": identifier,
        "topic": topic,
        "delivery_status": "pending",
        "delivery_attempts": 1,
        "delivered_at": 0,
        "first_sent_at": sent_at,
        "created_at": sent_at,
        "self": None,
    }


def sample(
    scheme: Scheme, *, app_id: str, identifier: str, sent_at: int, topic: str
) -> dict[str, Any]:
    """The content of a genuine request of this scheme."""
    if scheme is CANVAS_KIT:
        return {
            "workspace_id": app_id,
            "workspace_region": "US",
            "component_id": "submit-order",
            "input_values": {"order": identifier},
            "current_canvas": {"content": {"components": [{"type": "text", "text": "Höfe"}]}},
            "contact": _CONTACT,
        }
    if scheme is FIN_AGENT:
        return {
            "event_name": "fin_replied",
            "conversation_id": identifier,
            "user_id": _CONTACT["id"],
            "created_at": sent_at,
            "message": {"author": "fin", "body": "<p>Guten Tag, grüß Gott.</p>"},
            "app_id": app_id,
        }
    return notification(
        topic, app_id=app_id, identifier=identifier, sent_at=sent_at, item=_SHORT_ITEM
    )
