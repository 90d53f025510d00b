"""New tags, attributes and articles; and exports."""

from __future__ import annotations

import re
from typing import Final

from helpers.sandbox.answers import Answer, Refusal
from helpers.sandbox.api import Call, endpoint
from helpers.sandbox.endpoints.library import KINDS, find
from helpers.sandbox.workspace import Item, Workspace

__all__ = ["new_article", "new_attribute", "new_tag"]

_ARTICLES: Final = next(kind for kind in KINDS if kind.path == "/articles")
_DATASETS: Final = ("conversation", "ticket", "call")


def new_tag(workspace: Workspace, name: str) -> Item:
    """Make a tag and keep it."""
    tag: Item = {"type": "tag", "id": str(workspace.next_number("tag", 102)), "name": name}
    workspace.collection("tags")[tag["id"]] = tag
    return tag


@endpoint("POST", "/tags")
def save_tag(call: Call) -> Answer:
    """A new tag, or the new name of an old one."""
    given = call.object
    name = given.get("name")
    if not isinstance(name, str) or not name:
        raise Refusal(400, "parameter_invalid", "invalid tag parameters")
    tags = call.workspace.collection("tags")
    if str(given.get("id", "")) in tags:
        tag = tags[str(given["id"])]
        tag["name"] = name
        return Answer(tag)
    same = [tag for tag in tags.values() if tag["name"] == name]
    return Answer(same[0] if same else new_tag(call.workspace, name))


def new_attribute(workspace: Workspace, given: Item, *, admin: str, custom: bool = True) -> Item:
    """Make a data attribute and keep it."""
    name = given["name"]
    attribute: Item = {
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


@endpoint("POST", "/data_attributes")
def create_attribute(call: Call) -> Answer:
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
    return Answer(new_attribute(call.workspace, given, admin=call.actor["id"]))


def new_article(workspace: Workspace, given: Item) -> Item:
    """Make an article and keep it."""
    id_ = str(workspace.next_number("article", 39))
    article: Item = {
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


@endpoint("POST", "/articles")
def create_article(call: Call) -> Answer:
    """A new article."""
    if "author_id" not in call.object:
        message = "author_id must be in the main body or default locale translated_content object"
        raise Refusal(400, "parameter_not_found", message)
    return Answer(new_article(call.workspace, call.object))


@endpoint("PUT", "/articles/{id}", lookup=lambda call: find(_ARTICLES, call))
def update_article(call: Call) -> Answer:
    """Change an article."""
    kept = ("title", "description", "body", "state")
    call.found.update({key: call.object[key] for key in kept if key in call.object})
    return Answer(call.found)


@endpoint("GET", "/export/reporting_data/get_datasets")
def list_datasets(call: Call) -> Answer:
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
    return Answer({"type": "list", "data": data})


@endpoint("POST", "/export/content/data")
def export_content(call: Call) -> Answer:
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
    return Answer(job)
