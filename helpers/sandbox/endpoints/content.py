"""Tags, attributes, articles, e-mail settings, exports, and collections that are mostly read.

One table says how each collection is listed, shown, reported missing and deleted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from helpers.sandbox.api import SandboxCall, endpoint
from helpers.sandbox.listing import by_cursor, by_number, cursor_alone, following
from helpers.sandbox.responses import Refusal, SandboxResponse
from helpers.sandbox.workspace import JsonObject, SandboxWorkspace

__all__ = ["COLLECTIONS", "CollectionSpec", "find", "new_article", "new_attribute", "new_tag"]


@dataclass(frozen=True)
class CollectionSpec:
    """How one collection is served.

    `paging` is `cursor`, `pages` (numbers), `links` (numbers, and the address of the next page),
    `flat` (numbers beside the list) or `` (one page).
    """

    path: str
    name: str = ""  # of the collection; by default the last word of the path
    paging: str = ""
    list_type: str = "list"
    items_key: str = "data"
    size: int = 50
    shows: bool = True
    missing: tuple[str, str] = ("not_found", "Resource Not Found")
    # the `object` of a deletion's answer; `204` or `empty` without a body, `self` with the item
    deletes: str = ""

    @property
    def collection(self) -> str:
        """Its name in the workspace."""
        return self.name or self.path.rsplit("/", 1)[-1]


COLLECTIONS: Final = (
    CollectionSpec("/tags", deletes="empty"),
    CollectionSpec("/segments", list_type="segment.list", items_key="segments"),
    CollectionSpec(
        "/teams",
        list_type="team.list",
        items_key="teams",
        missing=("team_not_found", "Team not found"),
    ),
    CollectionSpec("/macros", paging="cursor", missing=("not_found", "Macro not found")),
    CollectionSpec("/ticket_types"),
    CollectionSpec("/articles", paging="pages", size=25, deletes="article"),
    CollectionSpec("/news/news_items", paging="pages", size=10, deletes="news-item"),
    CollectionSpec("/news/newsfeeds", paging="pages", size=10, shows=False),
    CollectionSpec("/ai/external_pages", paging="links", deletes="self"),
    CollectionSpec("/ai/content_import_sources", paging="links"),
    CollectionSpec("/internal_articles", paging="pages", size=25),
    CollectionSpec("/emails", missing=("not_found", "Email setting not found")),
    CollectionSpec("/help_center/help_centers"),
    CollectionSpec("/data_attributes", shows=False),
    CollectionSpec(
        "/content_snippets",
        paging="flat",
        missing=("not_found", "Content snippet not found"),
        deletes="204",
    ),
    CollectionSpec("/audiences", paging="flat", deletes="204"),
)
# can be deleted but not listed
_UNLISTED: Final = (
    CollectionSpec("/tickets", missing=("ticket_not_found", "Ticket not found"), deletes="ticket"),
)


def find(spec: CollectionSpec, call: SandboxCall) -> JsonObject:
    """The item that the path names. Raises Refusal (404) with the documented code."""
    item = call.workspace.collection(spec.collection).get(call.path["id"])
    if item is None:
        raise Refusal(404, *spec.missing)
    return item


def list_all(spec: CollectionSpec, call: SandboxCall) -> SandboxResponse:
    """A page of items, in the documented form."""
    items = list(call.workspace.collection(spec.collection).values())
    if spec.path == "/data_attributes" and call.query.get("model"):
        items = [item for item in items if item["model"] == call.query["model"]]
    body: JsonObject = {"type": spec.list_type}
    if not spec.paging:
        return SandboxResponse(body | {spec.items_key: items})
    if spec.paging == "cursor":
        page, pages = by_cursor(call, items, size=spec.size)
        return SandboxResponse(body | {spec.items_key: page, "pages": cursor_alone(pages)})
    page, numbers = by_number(call, items, size=spec.size)
    body |= {spec.items_key: page, "total_count": len(items)}
    if spec.paging == "flat":
        return SandboxResponse(body | numbers)
    after = following(call, page, numbers, link=spec.path if spec.paging == "links" else "")
    return SandboxResponse(body | {"pages": {"type": "pages"} | numbers | after})


def show(call: SandboxCall) -> SandboxResponse:
    """One item."""
    return SandboxResponse(call.found)


def delete(spec: CollectionSpec, call: SandboxCall) -> SandboxResponse:
    """Delete an item."""
    del call.workspace.collection(spec.collection)[call.found["id"]]
    if spec.deletes == "204":
        return SandboxResponse(status=204)
    if spec.deletes in ("empty", "self"):
        return SandboxResponse(call.found if spec.deletes == "self" else None)
    return SandboxResponse({"id": call.found["id"], "object": spec.deletes, "deleted": True})


def _register() -> None:
    for spec in COLLECTIONS:
        endpoint("GET", spec.path)(partial(list_all, spec))
    for spec in (*COLLECTIONS, *_UNLISTED):
        lookup: Callable[[SandboxCall], JsonObject] = partial(find, spec)
        if spec.shows and spec not in _UNLISTED:
            endpoint("GET", f"{spec.path}/{{id}}", lookup=lookup)(show)
        if spec.deletes:
            endpoint("DELETE", f"{spec.path}/{{id}}", lookup=lookup)(partial(delete, spec))


_register()


_ARTICLES: Final = next(spec for spec in COLLECTIONS if spec.path == "/articles")
_DATASETS: Final = ("conversation", "ticket", "call")


def new_tag(workspace: SandboxWorkspace, name: str) -> JsonObject:
    """Create a tag."""
    tag: JsonObject = {"type": "tag", "id": str(workspace.next_number("tag", 102)), "name": name}
    workspace.collection("tags")[tag["id"]] = tag
    return tag


@endpoint("POST", "/tags")
def save_tag(call: SandboxCall) -> SandboxResponse:
    """A new tag, or a new name for an existing one."""
    given = call.object
    name = given.get("name")
    if not isinstance(name, str) or not name:
        raise Refusal(400, "parameter_invalid", "invalid tag parameters")
    tags = call.workspace.collection("tags")
    if str(given.get("id", "")) in tags:
        tag = tags[str(given["id"])]
        tag["name"] = name
        return SandboxResponse(tag)
    same = [tag for tag in tags.values() if tag["name"] == name]
    return SandboxResponse(same[0] if same else new_tag(call.workspace, name))


def new_attribute(
    workspace: SandboxWorkspace, given: JsonObject, *, admin: str, custom: bool = True
) -> JsonObject:
    """Create a data attribute."""
    name = given["name"]
    attribute: JsonObject = {
        "type": "data_attribute",
        "id": workspace.next_number("attribute", 34),
        "name": name,
        "full_name": f"custom_attributes.{name}" if custom else name,
        "label": name,
        "description": given.get("description", ""),
        "data_type": given.get("data_type", "string"),
        "api_writable": True,
        "ui_writable": False,
        "messenger_writable": bool(given.get("messenger_writable", False)),
        "custom": custom,
        "archived": False,
        "model": given["model"],
        "created_at": workspace.now,
        "updated_at": workspace.now,
        "admin_id": admin,
    }
    workspace.collection("data_attributes")[str(attribute["id"])] = attribute
    return attribute


_DATA_TYPES: Final = ("string", "integer", "float", "boolean", "datetime", "date", "options")


@endpoint("POST", "/data_attributes")
def create_attribute(call: SandboxCall) -> SandboxResponse:
    """A new attribute of contacts or companies."""
    given = call.object
    name = given.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[\w $€£-]+", name):
        message = (
            "Your name for this attribute must only contain alphanumeric characters, "
            "currency symbols, and hyphens"
        )
        raise Refusal(400, "parameter_invalid", message)
    if given.get("model") not in ("contact", "company"):
        raise Refusal(400, "parameter_invalid", "model must be contact or company", field="model")
    if given.get("data_type") not in _DATA_TYPES:
        raise Refusal(400, "parameter_invalid", "data_type is invalid", field="data_type")
    if any(a["name"] == name for a in call.workspace.collection("data_attributes").values()):
        message = f"You already have {name!r} in your data. Use a different name."
        raise Refusal(400, "parameter_invalid", message)
    return SandboxResponse(new_attribute(call.workspace, given, admin=call.actor["id"]))


def new_article(workspace: SandboxWorkspace, given: JsonObject) -> JsonObject:
    """Create an article."""
    id_ = str(workspace.next_number("article", 39))
    article: JsonObject = {
        "type": "article",
        "id": id_,
        "workspace_id": workspace.id_code,
        "title": given.get("title", ""),
        "description": given.get("description", ""),
        "body": given.get("body", ""),
        "author_id": given["author_id"],
        "state": given.get("state", "draft"),
        "created_at": workspace.now,
        "updated_at": workspace.now,
        "url": None,
        "parent_ids": [],
        "tags": {"type": "tag.list", "tags": []},
    }
    workspace.collection("articles")[id_] = article
    return article


@endpoint("GET", "/articles/search")
def search_articles(call: SandboxCall) -> SandboxResponse:
    """The articles that hold a phrase in their title or body."""
    phrase = call.query.get("phrase", "").lower()
    found = [
        article
        for article in call.workspace.collection("articles").values()
        if phrase in f"{article['title']} {article['body']}".lower()
    ]
    return _found(call, "articles", found, {"highlights": []})


@endpoint("GET", "/internal_articles/search")
def search_internal_articles(call: SandboxCall) -> SandboxResponse:
    """The internal articles; the sandbox has no folders, so a folder holds none."""
    everything = list(call.workspace.collection("internal_articles").values())
    return _found(call, "internal_articles", [] if call.query.get("folder_id") else everything)


def _found(
    call: SandboxCall, key: str, found: list[JsonObject], more: JsonObject | None = None
) -> SandboxResponse:
    page, numbers = by_number(call, found, size=10)
    pages = {"type": "pages"} | numbers | following(call, page, numbers)
    data = {key: page} | (more or {})
    return SandboxResponse(
        {"type": "list", "total_count": len(found), "data": data, "pages": pages}
    )


def _find_centre(call: SandboxCall) -> JsonObject:
    found = call.workspace.collection("help_centers").get(call.path["help_center_id"])
    if found is None:
        raise Refusal(404, "not_found", "Resource not found")
    return found


def _find_redirect(call: SandboxCall) -> JsonObject:
    redirects = call.workspace.collection(f"redirects of {_find_centre(call)['id']}")
    if call.path["id"] not in redirects:
        raise Refusal(404, "not_found", "Resource not found")
    return redirects[call.path["id"]]


_REDIRECTS: Final = "/help_center/help_centers/{help_center_id}/redirects"


@endpoint("GET", _REDIRECTS, lookup=_find_centre)
def list_redirects(call: SandboxCall) -> SandboxResponse:
    """A page of a help centre's redirects, the newest first."""
    own = call.workspace.collection(f"redirects of {call.found['id']}")
    newest = sorted(own.values(), key=lambda item: -int(item["updated_at"]))
    page, numbers = by_number(call, newest)
    pages = {"type": "pages"} | numbers | following(call, page, numbers)
    return SandboxResponse(
        {"type": "list", "data": page, "total_count": len(newest), "pages": pages}
    )


@endpoint("GET", f"{_REDIRECTS}/{{id}}", lookup=_find_redirect)
def show_redirect(call: SandboxCall) -> SandboxResponse:
    """One redirect."""
    return SandboxResponse(call.found)


@endpoint("POST", "/articles")
def create_article(call: SandboxCall) -> SandboxResponse:
    """A new article."""
    if "author_id" not in call.object:
        message = "author_id must be in the main body or default locale translated_content object"
        raise Refusal(400, "parameter_not_found", message)
    return SandboxResponse(new_article(call.workspace, call.object))


@endpoint("PUT", "/articles/{id}", lookup=lambda call: find(_ARTICLES, call))
def update_article(call: SandboxCall) -> SandboxResponse:
    """Change an article."""
    kept = ("title", "description", "body", "state")
    call.found.update({key: call.object[key] for key in kept if key in call.object})
    return SandboxResponse(call.found)


@endpoint("GET", "/export/reporting_data/get_datasets")
def list_datasets(call: SandboxCall) -> SandboxResponse:
    """What can be exported for reports."""
    del call
    data = [
        {
            "id": name,
            "name": name.capitalize(),
            "description": f"One row for each {name}.",
            "default_time_attribute_id": f"{name}.created_at",
            "attributes": [{"id": f"{name}.id", "name": "Id"}],
        }
        for name in _DATASETS
    ]
    return SandboxResponse({"type": "list", "data": data})


@endpoint("POST", "/export/content/data")
def export_content(call: SandboxCall) -> SandboxResponse:
    """Start an export of outbound statistics; one at a time for a workspace."""
    jobs = call.workspace.collection("exports")
    if jobs:
        raise Refusal(429, "rate_limit_exceeded", "An export is already pending")
    job = {
        "job_identifier": f"sandbox{call.workspace.next_number('export'):09}",
        "status": "pending",
        "download_url": "",
        "download_expires_at": "",
    }
    jobs[job["job_identifier"]] = job
    call.workspace.record(
        "app_data_export", f"{call.actor['name']} exported content data.", by=call.actor
    )
    return SandboxResponse(job)
