"""A call of every endpoint that succeeds, against the demo workspace."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

ABSENT = "999999999999999999999999"
JSON = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One call. `prepare` answers the id that the path names, made beforehand where need be."""

    route: str
    query: JSON = field(default_factory=dict)
    body: JSON | Callable[[httpx.Client], JSON] | None = None
    prepare: Callable[[httpx.Client], str] | None = None
    parent: str = ""  # the id of what the path names first, where it names two

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.route.partition(" ")[2]

    def send(self, client: httpx.Client, *, id_: str = "", **headers: str) -> httpx.Response:
        if not id_ and self.prepare:
            id_ = self.prepare(client)
        path = re.sub(r"\{\w+_id\}", self.parent or id_ or ABSENT, self.path)
        path = path.replace("{id}", id_ or ABSENT)
        body = self.body(client) if callable(self.body) else self.body
        return client.request(self.method, path, params=self.query, json=body, headers=headers)


def first(path: str, key: str = "data") -> Callable[[httpx.Client], str]:
    """The id of the first thing in a list."""
    return lambda client: str(client.get(path).json()[key][0]["id"])


def made(path: str, **body: Any) -> Callable[[httpx.Client], str]:
    """The id of a thing made for the call."""
    return lambda client: str(client.post(path, json=body).json()["id"])


def _fixed(id_: str) -> Callable[[httpx.Client], str]:
    return lambda _client: id_


def _own_id(client: httpx.Client) -> str:
    return str(client.get("/contacts").json()["data"][0]["external_id"])


ADMIN = first("/admins", "admins")
CONTACT = first("/contacts")
COMPANY = first("/companies")
CONVERSATION = first("/conversations", "conversations")
CENTRE = first("/help_center/help_centers")
CONNECTOR = first("/data_connectors")
QUERY = {"field": "role", "operator": "=", "value": "user"}


def _from_contact(client: httpx.Client) -> JSON:
    return {"from": {"type": "user", "id": CONTACT(client)}, "body": "Hello"}


AWAY = {"away_mode_enabled": True, "away_mode_reassign": False}
EVENT = {"event_name": "audit", "created_at": 1_772_440_000, "user_id": "runbook-audit"}


CASES = (
    Case("GET /me"),
    Case("GET /admins"),
    Case("GET /admins/{id}", prepare=ADMIN),
    Case("PUT /admins/{id}/away", body=AWAY, prepare=ADMIN),
    Case("GET /admins/activity_logs", {"created_at_after": 1_700_000_000}),
    Case("POST /admins/activity_logs/search", body={"created_at_after": 1_700_000_000}),
    Case("GET /admins/activity_log_event_types"),
    Case("GET /teams"),
    Case("GET /teams/{id}", prepare=first("/teams", "teams")),
    Case("GET /contacts", {"per_page": 5}),
    Case("POST /contacts/search", body={"query": QUERY, "pagination": {"per_page": 5}}),
    Case("POST /contacts", body={"email": "new@customers.example.org"}),
    Case("GET /contacts/{id}", prepare=CONTACT),
    Case("GET /contacts/find_by_external_id/{id}", prepare=_own_id),
    Case("PUT /contacts/{id}", body={"name": "Other"}, prepare=CONTACT),
    Case("DELETE /contacts/{id}", prepare=CONTACT),
    Case("POST /contacts/{id}/archive", prepare=CONTACT),
    Case("POST /contacts/{id}/unarchive", prepare=CONTACT),
    Case("GET /companies", {"per_page": 2}),
    Case("GET /companies/scroll"),
    Case("POST /companies/list"),
    Case("POST /companies", body={"company_id": "new", "name": "New"}),
    Case("GET /companies/{id}", prepare=COMPANY),
    Case("PUT /companies/{id}", body={"name": "Other"}, prepare=COMPANY),
    Case("DELETE /companies/{id}", prepare=COMPANY),
    Case("GET /conversations", {"per_page": 3}),
    Case("POST /conversations/search", body={"query": QUERY | {"field": "state"}}),
    Case("POST /conversations", body=_from_contact),
    Case("GET /conversations/{id}", prepare=CONVERSATION),
    Case("PUT /conversations/{id}", body={"read": True}, prepare=CONVERSATION),
    Case(
        "POST /conversations/{id}/reply",
        body={"message_type": "comment", "type": "admin", "admin_id": "1", "body": "Hi"},
        prepare=CONVERSATION,
    ),
    Case("DELETE /conversations/{id}", prepare=CONVERSATION),
    Case("GET /conversations/deleted"),
    Case("GET /emails"),
    Case("GET /emails/{id}", prepare=first("/emails")),
    Case("POST /messages", body={"message_type": "inapp", "body": "Hello"}),
    Case("POST /events", body=EVENT),
    Case("GET /events", {"type": "user", "user_id": "runbook-audit", "summary": "true"}),
    Case("GET /tags"),
    Case("GET /tags/{id}", prepare=first("/tags")),
    Case("POST /tags", body={"name": "urgent"}),
    Case("DELETE /tags/{id}", prepare=first("/tags")),
    Case("GET /segments"),
    Case("GET /segments/{id}", prepare=first("/segments", "segments")),
    Case("GET /macros"),
    Case("GET /macros/{id}", prepare=first("/macros")),
    Case("GET /ticket_types"),
    Case("GET /ticket_types/{id}", prepare=first("/ticket_types")),
    Case("DELETE /tickets/{id}", prepare=_fixed("632")),
    Case("GET /data_attributes"),
    Case("POST /data_attributes", body={"name": "size", "model": "contact", "data_type": "string"}),
    Case("GET /articles"),
    Case("GET /articles/search", {"phrase": "refunds"}),
    Case("GET /articles/{id}", prepare=first("/articles")),
    Case("POST /articles", body={"title": "New", "author_id": 991267401}),
    Case("PUT /articles/{id}", body={"title": "Other"}, prepare=first("/articles")),
    Case("DELETE /articles/{id}", prepare=first("/articles")),
    Case("GET /news/news_items"),
    Case("GET /news/news_items/{id}", prepare=first("/news/news_items")),
    Case("DELETE /news/news_items/{id}", prepare=first("/news/news_items")),
    Case("GET /news/newsfeeds"),
    Case("GET /ai/external_pages"),
    Case("GET /ai/external_pages/{id}", prepare=first("/ai/external_pages")),
    Case("DELETE /ai/external_pages/{id}", prepare=first("/ai/external_pages")),
    Case("GET /ai/content_import_sources"),
    Case("GET /ai/content_import_sources/{id}", prepare=first("/ai/content_import_sources")),
    Case("GET /internal_articles"),
    Case("GET /internal_articles/search", {"folder_id": "1"}),
    Case("GET /internal_articles/{id}", prepare=first("/internal_articles")),
    Case("GET /help_center/help_centers"),
    Case("GET /help_center/help_centers/{id}", prepare=CENTRE),
    Case("GET /help_center/help_centers/{help_center_id}/redirects", prepare=CENTRE),
    Case(
        "GET /help_center/help_centers/{help_center_id}/redirects/{id}",
        prepare=first("/help_center/help_centers/93/redirects"),
        parent="93",
    ),
    Case("GET /content_snippets"),
    Case("GET /content_snippets/{id}", prepare=first("/content_snippets")),
    Case("DELETE /content_snippets/{id}", prepare=first("/content_snippets")),
    Case("GET /audiences"),
    Case("GET /audiences/{id}", prepare=first("/audiences")),
    Case("DELETE /audiences/{id}", prepare=first("/audiences")),
    Case("GET /data_connectors", {"per_page": 2}),
    Case("GET /data_connectors/{id}", prepare=first("/data_connectors")),
    Case("POST /data_connectors", body={"name": "New", "http_method": "get"}),
    Case("PATCH /data_connectors/{id}", body={"name": "x"}, prepare=first("/data_connectors")),
    Case("DELETE /data_connectors/{id}", prepare=made("/data_connectors", name="Draft")),
    Case("GET /data_connectors/{id}/execution_results", prepare=CONNECTOR),
    Case(
        "GET /data_connectors/{data_connector_id}/execution_results/{id}",
        prepare=first("/data_connectors/12345/execution_results"),
        parent="12345",
    ),
    Case("GET /export/reporting_data/get_datasets"),
    Case("POST /export/content/data", body={"created_at_after": 1, "created_at_before": 2}),
    Case("GET /ip_allowlist"),
    Case("PUT /ip_allowlist", body={"enabled": True, "ip_allowlist": ["127.0.0.0/8"]}),
    Case("GET /secure_mode_secrets"),
    Case("POST /secure_mode_secrets", body={"name": "Second", "supports_web": True}),
    Case("DELETE /secure_mode_secrets/{id}", prepare=first("/secure_mode_secrets")),
)
