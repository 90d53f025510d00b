"""Companies: groups of contacts."""

from __future__ import annotations

from typing import Final

from helpers.sandbox.answers import Answer, Refusal
from helpers.sandbox.api import Call, endpoint
from helpers.sandbox.paging import by_number
from helpers.sandbox.workspace import Item, Workspace

__all__ = ["new_company"]

_PLAIN: Final = ("name", "website", "industry", "size", "monthly_spend", "remote_created_at")


def new_company(workspace: Workspace, given: Item) -> Item:
    """Make a company and keep it."""
    id_ = workspace.next_hex_id("company")
    company: Item = {
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
    _fill(company, given)
    workspace.collection("companies")[id_] = company
    return company


def _fill(company: Item, given: Item) -> None:
    company |= {key: given[key] for key in _PLAIN if key in given}
    company["custom_attributes"] |= given.get("custom_attributes") or {}


def _find(call: Call) -> Item:
    found = call.workspace.collection("companies").get(call.path["id"])
    if found is None:
        raise Refusal(404, "company_not_found", "Company Not Found")
    return found


@endpoint("GET", "/companies")
def list_companies(call: Call) -> Answer:
    """A page of companies, or the one with this `company_id` or `name`."""
    companies = list(call.workspace.collection("companies").values())
    for key in ("company_id", "name"):
        if key in call.query:
            wanted = [c for c in companies if c[key] == call.query[key]]
            if not wanted:
                raise Refusal(404, "company_not_found", "Company Not Found")
            return Answer(wanted[0])
    return _page(call, companies)


@endpoint("POST", "/companies/list")
def list_by_post(call: Call) -> Answer:
    """The same list, asked for by POST."""
    return _page(call, list(call.workspace.collection("companies").values()))


def _page(call: Call, companies: list[Item]) -> Answer:
    page, numbers = by_number(call, companies, size=15)
    pages = {"type": "pages", "next": None} | numbers
    return Answer({"type": "list", "data": page, "pages": pages, "total_count": len(companies)})


@endpoint("POST", "/companies")
def save_company(call: Call) -> Answer:
    """A new company, or a change to the one with this `company_id`."""
    given = call.object
    if not given.get("company_id"):
        raise Refusal(400, "bad_request", "bad 'company_id' parameter")
    for company in call.workspace.collection("companies").values():
        if company["company_id"] == given["company_id"]:
            _fill(company, given)
            return Answer(company)
    return Answer(new_company(call.workspace, given))


@endpoint("GET", "/companies/{id}", lookup=_find)
def show_company(call: Call) -> Answer:
    """One company."""
    return Answer(call.found)


@endpoint("PUT", "/companies/{id}", lookup=_find)
def update_company(call: Call) -> Answer:
    """Change a company."""
    _fill(call.found, call.object)
    call.found["updated_at"] = call.workspace.now
    return Answer(call.found)


@endpoint("DELETE", "/companies/{id}", lookup=_find)
def delete_company(call: Call) -> Answer:
    """Delete a company."""
    del call.workspace.collection("companies")[call.found["id"]]
    return Answer({"id": call.found["id"], "object": "company", "deleted": True})
