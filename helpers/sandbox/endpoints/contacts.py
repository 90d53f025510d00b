"""Contacts, the people a workspace talks to, and companies, groups of contacts."""

from __future__ import annotations

from typing import Any, Final

from helpers.sandbox.api import SandboxCall, endpoint
from helpers.sandbox.listing import by_cursor, by_number, following, matches
from helpers.sandbox.responses import Refusal, SandboxResponse
from helpers.sandbox.tokens import identifier
from helpers.sandbox.workspace import JsonObject, SandboxWorkspace

__all__ = ["new_company", "new_contact"]

_CONTACT_FIELDS: Final = (
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
""".split()  # noqa: SIM905 - thirty quoted lines are harder to read


def new_contact(workspace: SandboxWorkspace, given: JsonObject) -> JsonObject:
    """Create a contact."""
    id_ = workspace.next_hex_id("contact")
    contact: JsonObject = {"type": "contact", "id": id_, "workspace_id": workspace.id_code}
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
    _fill_contact(contact, given)
    workspace.collection("contacts")[id_] = contact
    return contact


def _fill_contact(contact: JsonObject, given: JsonObject) -> None:
    contact |= {key: given[key] for key in _CONTACT_FIELDS if key in given}
    contact["custom_attributes"] |= given.get("custom_attributes") or {}
    contact["email_domain"] = (contact["email"] or "").rpartition("@")[2]


def _find_contact(call: SandboxCall) -> JsonObject:
    found = call.workspace.collection("contacts").get(call.path["id"])
    if found is None:
        raise Refusal(404, "not_found", "User Not Found")
    return found


def _find_external(call: SandboxCall) -> JsonObject:
    for contact in call.workspace.collection("contacts").values():
        if contact["external_id"] == call.path["id"]:
            return contact
    raise Refusal(404, "not_found", "User Not Found")


@endpoint("GET", "/contacts")
def list_contacts(call: SandboxCall) -> SandboxResponse:
    """A page of contacts."""
    return _contact_page(call, list(call.workspace.collection("contacts").values()))


@endpoint("POST", "/contacts/search")
def search_contacts(call: SandboxCall) -> SandboxResponse:
    """Contacts by a query of one field, or of several joined by AND or OR."""
    body = call.object
    order = (body.get("sort") or {}).get("order", "ascending")
    if order not in ("ascending", "descending"):
        message = f"Invalid sort order '{order}'. Must be one of: ascending, descending"
        raise Refusal(400, "invalid_sort_order", message)
    query = body.get("query")
    everyone = call.workspace.collection("contacts").values()
    found = [c for c in everyone if query is None or matches(c, query)]
    return _contact_page(call, found, asked=body.get("pagination") or {})


@endpoint("POST", "/contacts")
def create_contact(call: SandboxCall) -> SandboxResponse:
    """A new contact: needs an e-mail address, an external id or a role."""
    body = call.object
    if not any(body.get(key) for key in ("email", "external_id", "role")):
        message = "email, external_id or role is required"
        raise Refusal(400, "parameter_not_found", message)
    for key in ("external_id", "email"):
        _refuse_duplicate(call, key, body.get(key))
    return SandboxResponse(new_contact(call.workspace, body))


def _refuse_duplicate(call: SandboxCall, key: str, value: Any) -> None:
    for contact in call.workspace.collection("contacts").values():
        if value and contact[key] == value:
            message = f"A contact matching those details already exists with id={contact['id']}"
            raise Refusal(409, "conflict", message)


@endpoint("GET", "/contacts/{id}", lookup=_find_contact)
def show_contact(call: SandboxCall) -> SandboxResponse:
    """One contact."""
    return SandboxResponse(call.found)


@endpoint("GET", "/contacts/find_by_external_id/{id}", lookup=_find_external)
def show_external(call: SandboxCall) -> SandboxResponse:
    """One contact, by your own id."""
    return SandboxResponse(call.found)


@endpoint("PUT", "/contacts/{id}", lookup=_find_contact)
def update_contact(call: SandboxCall) -> SandboxResponse:
    """Change a contact."""
    _fill_contact(call.found, call.object)
    call.found["updated_at"] = call.workspace.now
    return SandboxResponse(call.found)


@endpoint("DELETE", "/contacts/{id}", lookup=_find_contact)
def delete_contact(call: SandboxCall) -> SandboxResponse:
    """Delete a contact."""
    del call.workspace.collection("contacts")[call.found["id"]]
    return SandboxResponse(_reference(call.found) | {"deleted": True})


@endpoint("POST", "/contacts/{id}/archive", lookup=_find_contact)
def archive_contact(call: SandboxCall) -> SandboxResponse:
    """Archive a contact."""
    return SandboxResponse(_reference(call.found) | {"archived": True})


@endpoint("POST", "/contacts/{id}/unarchive", lookup=_find_contact)
def unarchive_contact(call: SandboxCall) -> SandboxResponse:
    """Unarchive a contact."""
    return SandboxResponse(_reference(call.found) | {"archived": False})


def _reference(contact: JsonObject) -> JsonObject:
    return {"type": "contact", "id": contact["id"], "external_id": contact["external_id"]}


def _contact_page(
    call: SandboxCall, found: list[JsonObject], *, asked: Any = None
) -> SandboxResponse:
    page, pages = by_cursor(call, found, size=50, asked=asked)
    return SandboxResponse(
        {"type": "list", "data": page, "total_count": len(found), "pages": pages}
    )


_COMPANY_FIELDS: Final = (
    "name",
    "website",
    "industry",
    "size",
    "monthly_spend",
    "remote_created_at",
)


def new_company(workspace: SandboxWorkspace, given: JsonObject) -> JsonObject:
    """Create a company."""
    id_ = workspace.next_hex_id("company")
    company: JsonObject = {
        "type": "company",
        "id": id_,
        "company_id": given.get("company_id", id_),
        "app_id": workspace.id_code,
        "name": given.get("name", ""),
        "created_at": workspace.now,
        "updated_at": workspace.now,
        "monthly_spend": 0,
        "session_count": 0,
        "user_count": 0,
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
        "plan": {},
        "custom_attributes": {},
    }
    _fill_company(company, given)
    workspace.collection("companies")[id_] = company
    return company


def _fill_company(company: JsonObject, given: JsonObject) -> None:
    company |= {key: given[key] for key in _COMPANY_FIELDS if key in given}
    company["custom_attributes"] |= given.get("custom_attributes") or {}


def _find_company(call: SandboxCall) -> JsonObject:
    found = call.workspace.collection("companies").get(call.path["id"])
    if found is None:
        raise Refusal(404, "company_not_found", "Company Not Found")
    return found


@endpoint("GET", "/companies")
def list_companies(call: SandboxCall) -> SandboxResponse:
    """A page of companies, or the one with this `company_id` or `name`."""
    companies = list(call.workspace.collection("companies").values())
    for key in ("company_id", "name"):
        if key in call.query:
            wanted = [c for c in companies if c[key] == call.query[key]]
            if not wanted:
                raise Refusal(404, "company_not_found", "Company Not Found")
            return SandboxResponse(wanted[0])
    return _company_page(call, companies)


@endpoint("GET", "/companies/scroll")
def scroll_companies(call: SandboxCall) -> SandboxResponse:
    """Every company; a scroll that is continued is at its end."""
    companies = list(call.workspace.collection("companies").values())
    scroll = {"scroll_param": str(identifier(f"scroll/{call.workspace.seed}"))}
    rows = [] if call.query.get("scroll_param") else companies
    return SandboxResponse(
        {"type": "list", "data": rows, "pages": None, "total_count": None} | scroll
    )


@endpoint("POST", "/companies/list")
def list_by_post(call: SandboxCall) -> SandboxResponse:
    """The same list by POST."""
    return _company_page(call, list(call.workspace.collection("companies").values()))


def _company_page(call: SandboxCall, companies: list[JsonObject]) -> SandboxResponse:
    page, numbers = by_number(call, companies, size=15)
    pages = {"type": "pages", "next": None} | numbers | following(call, page, numbers)
    return SandboxResponse(
        {"type": "list", "data": page, "pages": pages, "total_count": len(companies)}
    )


@endpoint("POST", "/companies")
def save_company(call: SandboxCall) -> SandboxResponse:
    """A new company, or a change to the one with this `company_id`."""
    given = call.object
    if not given.get("company_id"):
        raise Refusal(400, "bad_request", "bad 'company_id' parameter")
    for company in call.workspace.collection("companies").values():
        if company["company_id"] == given["company_id"]:
            _fill_company(company, given)
            return SandboxResponse(company)
    return SandboxResponse(new_company(call.workspace, given))


@endpoint("GET", "/companies/{id}", lookup=_find_company)
def show_company(call: SandboxCall) -> SandboxResponse:
    """One company."""
    return SandboxResponse(call.found)


@endpoint("PUT", "/companies/{id}", lookup=_find_company)
def update_company(call: SandboxCall) -> SandboxResponse:
    """Change a company."""
    _fill_company(call.found, call.object)
    call.found["updated_at"] = call.workspace.now
    return SandboxResponse(call.found)


@endpoint("DELETE", "/companies/{id}", lookup=_find_company)
def delete_company(call: SandboxCall) -> SandboxResponse:
    """Delete a company."""
    del call.workspace.collection("companies")[call.found["id"]]
    return SandboxResponse({"id": call.found["id"], "object": "company", "deleted": True})
