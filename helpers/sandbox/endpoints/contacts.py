"""Contacts: the people a workspace talks to."""

from __future__ import annotations

from typing import Any, Final

from helpers.sandbox.answers import Answer, Refusal
from helpers.sandbox.api import Call, endpoint
from helpers.sandbox.paging import by_cursor
from helpers.sandbox.search import matches
from helpers.sandbox.workspace import Item, Workspace

__all__ = ["new_contact"]

_PLAIN: Final = (
    "email",
    "external_id",
    "phone",
    "name",
    "owner_id",
    "signed_up_at",
    "last_seen_at",
)
_ABSENT: Final = """
    phone name owner_id signed_up_at last_seen_at last_replied_at last_contacted_at
    last_email_opened_at last_email_clicked_at language_override browser browser_version
    browser_language os android_app_name android_app_version android_device android_os_version
    android_sdk_version android_last_seen_at ios_app_name ios_app_version ios_device ios_os_version
    ios_sdk_version ios_last_seen_at avatar
""".split()  # noqa: SIM905 - thirty quoted lines say no more


def new_contact(workspace: Workspace, given: Item) -> Item:
    """Make a contact and keep it."""
    id_ = workspace.next_hex_id("contact")
    contact: Item = {"type": "contact", "id": id_, "workspace_id": workspace.id_code}
    contact |= {"external_id": None, "role": given.get("role", "user"), "email": ""}
    contact |= dict.fromkeys(_ABSENT)
    contact |= {
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "unsubscribed_from_emails": False,
        "created_at": workspace.now,
        "updated_at": workspace.now,
        "custom_attributes": {},
        "location": {"type": "location", "country": None, "region": None, "city": None},
        "social_profiles": {"type": "list", "data": []},
    }
    for name in ("tags", "notes", "companies"):
        url = f"/contacts/{id_}/{name}"
        empty = {"type": "list", "data": [], "url": url, "total_count": 0, "has_more": False}
        contact[name] = empty
    _fill(contact, given)
    workspace.collection("contacts")[id_] = contact
    return contact


def _fill(contact: Item, given: Item) -> None:
    contact |= {key: given[key] for key in _PLAIN if key in given}
    contact["custom_attributes"] |= given.get("custom_attributes") or {}
    contact["email_domain"] = (contact["email"] or "").rpartition("@")[2]


def _find(call: Call) -> Item:
    found = call.workspace.collection("contacts").get(call.path["id"])
    if found is None:
        raise Refusal(404, "not_found", "User Not Found")
    return found


def _find_external(call: Call) -> Item:
    for contact in call.workspace.collection("contacts").values():
        if contact["external_id"] == call.path["id"]:
            return contact
    raise Refusal(404, "not_found", "User Not Found")


@endpoint("GET", "/contacts")
def list_contacts(call: Call) -> Answer:
    """A page of contacts."""
    return _page(call, list(call.workspace.collection("contacts").values()))


@endpoint("POST", "/contacts/search")
def search_contacts(call: Call) -> Answer:
    """Contacts by a query of one field, or of several joined by AND or OR."""
    body = call.object
    order = (body.get("sort") or {}).get("order", "ascending")
    if order not in ("ascending", "descending"):
        message = f"Invalid sort order '{order}'. Must be one of: ascending, descending"
        raise Refusal(400, "invalid_sort_order", message)
    query = body.get("query")
    everyone = call.workspace.collection("contacts").values()
    found = [c for c in everyone if query is None or matches(c, query)]
    return _page(call, found, asked=body.get("pagination") or {})


@endpoint("POST", "/contacts")
def create_contact(call: Call) -> Answer:
    """A new contact: an e-mail address, an external id or a role at least."""
    body = call.object
    if not any(body.get(key) for key in ("email", "external_id", "role")):
        message = "email, external_id or role is required"
        raise Refusal(400, "parameter_not_found", message)
    for key in ("external_id", "email"):
        _refuse_twin(call, key, body.get(key))
    return Answer(new_contact(call.workspace, body))


def _refuse_twin(call: Call, key: str, value: Any) -> None:
    for contact in call.workspace.collection("contacts").values():
        if value and contact[key] == value:
            message = f"A contact matching those details already exists with id={contact['id']}"
            raise Refusal(409, "conflict", message)


@endpoint("GET", "/contacts/{id}", lookup=_find)
def show_contact(call: Call) -> Answer:
    """One contact."""
    return Answer(call.found)


@endpoint("GET", "/contacts/find_by_external_id/{id}", lookup=_find_external)
def show_external(call: Call) -> Answer:
    """One contact, by your own id."""
    return Answer(call.found)


@endpoint("PUT", "/contacts/{id}", lookup=_find)
def update_contact(call: Call) -> Answer:
    """Change a contact."""
    _fill(call.found, call.object)
    call.found["updated_at"] = call.workspace.now
    return Answer(call.found)


@endpoint("DELETE", "/contacts/{id}", lookup=_find)
def delete_contact(call: Call) -> Answer:
    """Delete a contact."""
    del call.workspace.collection("contacts")[call.found["id"]]
    return Answer(_reference(call.found) | {"deleted": True})


@endpoint("POST", "/contacts/{id}/archive", lookup=_find)
def archive_contact(call: Call) -> Answer:
    """Archive a contact."""
    return Answer(_reference(call.found) | {"archived": True})


@endpoint("POST", "/contacts/{id}/unarchive", lookup=_find)
def unarchive_contact(call: Call) -> Answer:
    """Bring a contact back."""
    return Answer(_reference(call.found) | {"archived": False})


def _reference(contact: Item) -> Item:
    return {"type": "contact", "id": contact["id"], "external_id": contact["external_id"]}


def _page(call: Call, found: list[Item], *, asked: Any = None) -> Answer:
    page, pages = by_cursor(call, found, size=50, asked=asked)
    return Answer({"type": "list", "data": page, "total_count": len(found), "pages": pages})
