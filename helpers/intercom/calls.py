"""Every call that an audit may make: method and route, scope, whether it reads or writes, and why.

A call that is not in `AUDIT_CALLS` can't be sent. The HTTP method does not separate reading from
writing: the search of the activity log is a POST that reads, and `GET /contacts/{id}/banners`
records an impression. Routes come from Intercom's OpenAPI description, version 2.16, and Preview
where `version` says so. Scopes are named by the keys of `helpers.intercom.scopes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

__all__ = ["AUDIT_CALLS", "Call", "Effect", "call_named"]

_ID: Final = "[A-Za-z0-9_-]+"  # no dot, no slash, no percent sign: nothing that could move the path


class Effect(StrEnum):
    """What a call does to the workspace."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class Call:
    """One method on one route. `act` is the policy's switch that a write waits for."""

    method: str
    route: str
    scope: str
    kind: Effect
    why: str
    steps: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    act: str = ""
    version: str = ""

    @property
    def name(self) -> str:
        """`GET /me`: how findings and errors name a call."""
        return f"{self.method} {self.route}"

    @property
    def reads(self) -> bool:
        """True where the call changes nothing."""
        return self.kind is Effect.READ

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = re.split(r"(\{\w+\})", self.route)
        return re.compile("".join(_ID if p.startswith("{") else re.escape(p) for p in parts))

    def path(self, *ids: str) -> str:
        """The route with its holes filled. Raises ValueError for an id that isn't a plain one."""
        holes = re.findall(r"\{\w+\}", self.route)
        if len(holes) != len(ids) or not all(re.fullmatch(_ID, one) for one in ids):
            raise ValueError(f"{self.route} takes {len(holes)} plain id(s).")
        found = iter(ids)
        return re.sub(r"\{\w+\}", lambda _: next(found), self.route)

    def takes(self, query: Iterable[str]) -> bool:
        """Whether names may stand in the query; `*` in the list lets any."""
        return "*" in self.query or set(query) <= set(self.query)

    def fits(self, method: str, path: str) -> bool:
        """Whether a raw path, as it would go over the wire, is this call."""
        return method == self.method and self._pattern.fullmatch(path) is not None


def _read(
    route: str, scope: str, why: str, *steps: str, query: str = "", version: str = ""
) -> Call:
    return Call("GET", route, scope, Effect.READ, why, steps, tuple(query.split()), version=version)


def _write(method: str, route: str, scope: str, why: str, act: str, *, version: str = "") -> Call:
    step = {"mirror": "auditlog", "rotation": "rotation", "write_probes": "scopes"}[act]
    return Call(method, route, scope, Effect.WRITE, why, (step,), act=act, version=version)


def _reads() -> Iterator[Call]:
    yield _read(
        "/me",
        "read_single_admin",
        "who the token belongs to, its workspace and region",
        *("environment", "rotation", "scopes", "access", "auditlog"),
    )
    yield _read(
        "/admins",
        "read_admins",
        "the teammates and their roles",
        *("scopes", "access", "auditlog"),
    )
    yield _read("/admins/{id}", "read_single_admin", "the teammate who owns a token", "scopes")
    period = "created_at_after created_at_before page per_page"
    yield _read(
        "/admins/activity_logs",
        "read_admins",
        "the same, where the search is refused",
        *("rotation", "scopes", "access", "auditlog"),
        query=period,
    )
    yield Call(
        "POST",
        "/admins/activity_logs/search",
        "read_admins",
        Effect.READ,
        "who did what in the workspace (a POST that reads)",
        ("rotation", "access", "auditlog"),
    )
    yield _read(
        "/admins/activity_log_event_types",
        "read_admins",
        "which kinds of event there are",
        *("scopes", "auditlog"),
    )
    yield _read("/ip_allowlist", "manage_ip_allowlist", "the IP allowlist", "scopes", "access")
    yield _read(
        "/data_connectors",
        "read_data_connectors",
        "the data connectors",
        *("scopes", "access"),
        query="per_page starting_after",
    )
    yield _read(
        "/data_connectors/{id}",
        "read_data_connectors",
        "how one connector authenticates",
        *("scopes", "access"),
    )
    yield _read(
        "/secure_mode_secrets",
        "read_secure_mode_secret",
        "the Messenger's identity secrets: names and dates, never values",
        *("rotation", "scopes", "access"),
        version="Preview",
    )
    yield from _probes()


_ONE: Final = "per_page"
_PROBED: Final = (  # route, scope, the queries that may go with it
    ("/teams", "read_admins", ""),
    ("/contacts", "read_users_companies", _ONE),
    ("/companies", "read_users_companies", _ONE),
    ("/segments", "read_users_companies", ""),
    ("/data_attributes", "read_users_companies", ""),
    ("/contacts/{id}", "read_one_user_company", ""),
    ("/companies/{id}", "read_one_user_company", ""),
    ("/conversations", "read_conversations", _ONE),
    ("/macros", "read_conversations", _ONE),
    ("/tags", "read_tags", ""),
    ("/tags/{id}", "read_tags", ""),
    ("/events", "read_events", "type user_id per_page"),
    ("/ticket_types", "read_tickets", ""),
    ("/ticket_types/{id}", "read_tickets", ""),
    ("/articles", "read_articles_scope", _ONE),
    ("/articles/{id}", "read_articles_scope", ""),
    ("/news/news_items", "read_news", ""),
    ("/news/newsfeeds", "read_news", ""),
    ("/ai/external_pages", "read_ai_content", ""),
    ("/ai/external_pages/{id}", "read_ai_content", ""),
    ("/content_snippets", "read_content_snippets", _ONE),
    ("/content_snippets/{id}", "read_content_snippets", ""),
    ("/audiences", "read_audiences", _ONE),
    ("/audiences/{id}", "read_audiences", ""),
    ("/export/reporting_data/get_datasets", "export_reporting_data", ""),
)


def _probes() -> Iterator[Call]:
    """Reads that show whether a scope is granted, one record a page where there are pages."""
    for route, scope, query in _PROBED:
        yield _read(route, scope, "a probe: is the scope granted?", "scopes", query=query)


# Each with a documented 404 for an absent id. The id is part of the route, so that the transport
# can't send the call for any other: 0, which no database assigns.
_WRITE_PROBED: Final = (
    ("PUT", "/admins/0/away", "update_admins", ""),
    ("DELETE", "/tags/0", "write_tags", ""),
    ("DELETE", "/articles/0", "read_write_articles_scope", ""),
    ("PUT", "/articles/0", "read_write_articles_scope", ""),
    ("PUT", "/conversations/0", "write_conversations", ""),
    ("DELETE", "/news/news_items/0", "read_write_news", ""),
    ("DELETE", "/audiences/0", "read_write_audiences", ""),
    ("DELETE", "/companies/0", "write_users_companies", ""),
    ("PUT", "/companies/0", "write_users_companies", ""),
    ("DELETE", "/tickets/0", "write_tickets", ""),
    ("PATCH", "/data_connectors/0", "read_write_data_connectors", ""),
    ("DELETE", "/data_connectors/0", "read_write_data_connectors", ""),
    ("DELETE", "/secure_mode_secrets/0", "write_secure_mode_secret", "Preview"),
)


def _writes() -> Iterator[Call]:
    yield _write("POST", "/events", "write_events", "mirrors the audit log as events", "mirror")
    secrets = "/secure_mode_secrets"
    scope = "write_secure_mode_secret"
    yield _write(
        "POST", secrets, scope, "issues a new identity secret", "rotation", version="Preview"
    )
    yield _write(
        "DELETE",
        f"{secrets}/{{id}}",
        scope,
        "revokes the old identity secret",
        "rotation",
        version="Preview",
    )
    for method, route, scope, version in _WRITE_PROBED:
        why = "a write probe on an id that does not exist"
        yield _write(method, route, scope, why, "write_probes", version=version)


AUDIT_CALLS: Final = (*_reads(), *_writes())
_BY_NAME: Final = {call.name: call for call in AUDIT_CALLS}


def call_named(name: str) -> Call:
    """The call of that name, such as `GET /me`. Raises KeyError for one that is not listed."""
    return _BY_NAME[name]
