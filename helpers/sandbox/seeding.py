"""Make a workspace from a seed, the same in every run: clock, people, apps and content.

Every seeded workspace has contacts, companies, conversations, articles and the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from helpers.sandbox import people
from helpers.sandbox.clean_seed import furnish_clean
from helpers.sandbox.clock import DEMO_NOW, Clock
from helpers.sandbox.demo_seed import furnish_demo
from helpers.sandbox.endpoints.contacts import new_company, new_contact
from helpers.sandbox.endpoints.content import new_article, new_attribute, new_tag
from helpers.sandbox.endpoints.conversations import new_conversation
from helpers.sandbox.limits import Limiter, RateLimit
from helpers.sandbox.seeds import MIRROR_CONTACT, SEEDS
from helpers.sandbox.workspace import Behaviours, JsonObject, SandboxWorkspace

__all__ = ["make_workspace"]


def make_workspace(
    seed: str = "demo",
    *,
    clock: datetime | None = DEMO_NOW,
    region: str = "US",
    rate_limit: RateLimit | None = None,
    behaviours: Behaviours | None = None,
) -> SandboxWorkspace:
    """A fresh workspace, whose past ends at `clock`; None: at present, and the clock runs.

    Raises KeyError for a seed that does not exist.
    """
    known = SEEDS[seed]
    workspace = SandboxWorkspace(
        seed=seed,
        id_code=known.id_code,
        title="Harbour Lane Outfitters",
        created_at=int(datetime(2023, 5, 9, 8, tzinfo=UTC).timestamp()),
        region=region,
        clock=Clock(clock or datetime.now(UTC)),
        limiter=Limiter(rate_limit or RateLimit()),
        behaviours=behaviours or Behaviours(),
    )
    people.add_staff(workspace)
    _fill(workspace)
    (furnish_demo if seed == "demo" else furnish_clean)(workspace, known)
    if clock is None:
        workspace.clock.run()
    return workspace


_MAYA: Final = 991267401
_CONTACTS: Final = 64
_CONVERSATIONS: Final = 27
_FIRST: Final = "Ana Ben Chloe Dario Emi Femi Greta Hugo Inés Jun Kofi Lena Milo Nadia Omar Petra"
_LAST: Final = "Abbott Baros Castellano Diaz Eriksen Fontaine Gruber Haas"
# workspace data is written by strangers: what they write must stay text wherever it is shown
_HOSTILE: Final = '<img src=x onerror=alert(1)> =HYPERLINK("https://collector.example.net")'


def _fill(workspace: SandboxWorkspace) -> None:
    """Add the content that every seed has, with times in the past."""
    with workspace.clock.ago(300):
        _companies(workspace)
        _contacts(workspace)
        _help(workspace)
        _plain(workspace)
    with workspace.clock.ago(14):
        _conversations(workspace)


def _contacts(workspace: SandboxWorkspace) -> None:
    first, last = _FIRST.split(), _LAST.split()
    for number in range(_CONTACTS):
        name = f"{first[number % len(first)]} {last[number % len(last)]}"
        given = {
            "external_id": f"customer-{number + 1}",
            "email": f"customer{number + 1}@customers.example.org",
            "name": _HOSTILE if number == 13 else name,  # noqa: PLR2004 - one of them
            "custom_attributes": {"plan": "pro" if number % 3 else "free"},
        }
        new_contact(workspace, given)
    mirror = {"external_id": MIRROR_CONTACT, "email": f"{MIRROR_CONTACT}@example.com"}
    new_contact(workspace, mirror | {"name": "Security runbook"})


def _companies(workspace: SandboxWorkspace) -> None:
    for number, name in enumerate(("Northwind", "Tidewater", "Juniper & Co", "Brightside"), 1):
        new_company(workspace, {"company_id": f"company-{number}", "name": name})


def _conversations(workspace: SandboxWorkspace) -> None:
    contacts = list(workspace.collection("contacts").values())
    for number in range(_CONVERSATIONS):
        body = "Where is my order?" if number % 2 else "Can I change my address?"
        new_conversation(workspace, contacts[number], body)


def _help(workspace: SandboxWorkspace) -> None:
    for title in ("Returns and refunds", "Delivery times", "Your account"):
        new_article(workspace, {"title": title, "author_id": _MAYA, "state": "published"})
    for name in ("refund", "vip", "shipping"):
        new_tag(workspace, name)
    for name, model, custom in (
        ("name", "contact", False),
        ("email", "contact", False),
        ("plan", "contact", True),
        ("name", "company", False),
    ):
        given = {"name": name, "model": model}
        new_attribute(workspace, given, admin=str(_MAYA), custom=custom)


def _plain(workspace: SandboxWorkspace) -> None:
    for name, items in _things(workspace).items():
        workspace.collections[name] = {str(item["id"]): item for item in items}


def _things(workspace: SandboxWorkspace) -> dict[str, list[JsonObject]]:
    return _inbox(workspace) | _published(workspace)


def _published(workspace: SandboxWorkspace) -> dict[str, list[JsonObject]]:
    """What customers, teammates and the AI agent read: help centre, imports, internal articles."""
    made = {"created_at": workspace.now, "updated_at": workspace.now}
    centre = {"id": "93", "workspace_id": workspace.id_code, "identifier": "harbour-lane"} | made
    centre |= {"website_turned_on": True, "display_name": "Harbour Lane help"}
    centre |= {"url": "https://help.example.com", "custom_domain": "help.example.com"}
    return {
        "content_import_sources": [
            {
                "type": "content_import_source",
                "id": 40,
                "url": "https://shop.example.com",
                "sync_behavior": "automatic",
                "status": "active",
                "last_synced_at": workspace.now,
                "audience_ids": [],
            }
            | made
        ],
        "internal_articles": [
            {
                "type": "internal_article",
                "id": "45",
                "title": "Refunds above 500",
                "body": "Ask the shift lead.",
                "owner_id": _MAYA,
                "author_id": _MAYA,
                "locale": "en",
            }
            | made
        ],
        "help_centers": [centre],
        "redirects of 93": [
            {
                "type": "help_center_redirect",
                "id": "26",
                "from_url": "https://help.example.com/old-returns",
                "locale": "en",
                "help_center_id": "93",
                "target_type": "article",
                "target_id": "39",
            }
            | made
        ],
        "emails": [
            {
                "type": "email_setting",
                "id": str(number),
                "email": f"{name}@example.com",
                "verified": verified,
                "domain": "example.com",
                "brand_id": "9",
                "forwarding_enabled": verified,
                "forwarded_email_last_received_at": workspace.now if verified else None,
            }
            | made
            for number, (name, verified) in enumerate((("support", True), ("hello", False)), 1)
        ],
    }


def _inbox(workspace: SandboxWorkspace) -> dict[str, list[JsonObject]]:
    now = workspace.now
    text = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    made = {"created_at": now, "updated_at": now}
    home = {"workspace_id": workspace.id_code}
    return {
        "segments": [
            {"type": "segment", "id": f"6762f25c1bb69f9f2193bc2{n}", "name": name}
            | made
            | {"person_type": "user"}
            for n, name in enumerate(("Active", "New", "Slipping away"))
        ],
        "teams": [
            {
                "type": "team",
                "id": "5017691",
                "name": "Support",
                "admin_ids": [int(a["id"]) for a in workspace.admins.values() if a["team_ids"]],
            }
        ],
        "macros": [
            {
                "type": "macro",
                "id": "123",
                "name": "Refund is on its way",
                "body": "<p>Your refund is on its way.</p>",
                "body_text": "Your refund is on its way.",
                "created_at": text,
                "updated_at": text,
                "visible_to": "everyone",
                "visible_to_team_ids": [],
                "available_on": ["inbox"],
            }
        ],
        "ticket_types": [
            {
                "type": "ticket_type",
                "id": "67",
                "category": "Customer",
                "name": "Damaged goods",
                "description": "Something arrived broken",
                "icon": "📦",
                "archived": False,
                "ticket_type_attributes": {"type": "list", "data": []},
            }
            | home
            | made
        ],
        "news_items": [
            {
                "type": "news-item",
                "id": "29",
                "title": "Spring opening hours",
                "body": "<p>We open at eight.</p>",
                "sender_id": _MAYA,
                "state": "live",
                "newsfeed_assignments": [],
                "labels": [],
                "cover_image_url": None,
                "reactions": [],
                "deliver_silently": False,
            }
            | home
            | made
        ],
        "newsfeeds": [{"type": "newsfeed", "id": "68", "name": "Visitor feed"} | made],
        "external_pages": [
            {
                "type": "external_page",
                "id": "17",
                "title": "Shipping table",
                "html": "<h1>Shipping</h1>",
                "url": "https://shop.example.com/shipping",
                "ai_agent_availability": True,
                "ai_copilot_availability": True,
                "fin_availability": True,
                "locale": "en",
                "source_id": 40,
                "external_id": "shipping",
                "last_ingested_at": now,
            }
            | made
        ],
        "content_snippets": [
            {
                "type": "content_snippet",
                "id": "123",
                "title": "Opening hours",
                "locale": "en",
                "json_blocks": [{"type": "paragraph", "text": "We open at eight."}],
                "body_markdown": "We open at eight.\n",
                "chatbot_availability": 1,
                "copilot_availability": 1,
                "ai_chatbot_availability": True,
                "ai_copilot_availability": True,
                "audience_ids": [],
            }
            | made
        ],
        "audiences": [
            {"type": "audience", "id": "123", "name": "Wholesale"}
            | {"predicates": [], "role_predicates": []}
            | made
        ],
        "tickets": [{"id": "632", "type": "ticket"} | made],
    }
