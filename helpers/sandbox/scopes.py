"""The sandbox's own table: the permission that guards each route.

Taken from Intercom's documentation (developers.intercom.com, "OAuth scopes", and the notes of the
API description); where no key is printed there, it is built like the printed ones. Each route has
one guard. Whether a "read and write" permission also allows reading is not documented; the
behaviour `write_implies_read` turns it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["BESIDES", "IMPLIED", "SCOPES", "scope_of"]

# scope: the routes it guards ("METHOD /path")
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "read_single_admin": ("GET /me", "GET /admins/{id}"),
    "read_admins": (
        "GET /admins",
        "GET /admins/activity_logs",
        "POST /admins/activity_logs/search",
        "GET /admins/activity_log_event_types",
        "GET /teams",
        "GET /teams/{id}",
    ),
    "update_admins": ("PUT /admins/{id}/away",),
    "read_users_companies": (
        "GET /contacts",
        "POST /contacts/search",
        "GET /companies",
        "GET /companies/scroll",
        "POST /companies/list",
        "GET /segments",
        "GET /segments/{id}",
        "GET /data_attributes",
    ),
    "read_one_user_company": (
        "GET /contacts/{id}",
        "GET /contacts/find_by_external_id/{id}",
        "GET /companies/{id}",
    ),
    "write_users_companies": (
        "POST /contacts",
        "PUT /contacts/{id}",
        "DELETE /contacts/{id}",
        "POST /contacts/{id}/archive",
        "POST /contacts/{id}/unarchive",
        "POST /companies",
        "PUT /companies/{id}",
        "DELETE /companies/{id}",
    ),
    "read_tags": ("GET /tags", "GET /tags/{id}"),
    "write_tags": ("POST /tags", "DELETE /tags/{id}"),
    "read_conversations": (
        "GET /conversations",
        "GET /conversations/{id}",
        "POST /conversations/search",
        "GET /conversations/deleted",
        "GET /emails",
        "GET /emails/{id}",
        "GET /macros",
        "GET /macros/{id}",
    ),
    "write_conversations": (
        "POST /conversations",
        "PUT /conversations/{id}",
        "DELETE /conversations/{id}",
        "POST /conversations/{id}/reply",
        "POST /messages",
    ),
    "read_events": ("GET /events",),
    "write_events": ("POST /events",),
    "write_data_attributes": ("POST /data_attributes",),
    "read_tickets": ("GET /ticket_types", "GET /ticket_types/{id}"),
    "write_tickets": ("DELETE /tickets/{id}",),
    "read_articles_scope": (
        "GET /articles",
        "GET /articles/{id}",
        "GET /articles/search",
        "GET /internal_articles",
        "GET /internal_articles/{id}",
        "GET /internal_articles/search",
        "GET /help_center/help_centers",
        "GET /help_center/help_centers/{id}",
    ),
    "read_help_center_redirects_scope": (
        "GET /help_center/help_centers/{help_center_id}/redirects",
        "GET /help_center/help_centers/{help_center_id}/redirects/{id}",
    ),
    "read_write_articles_scope": (
        "POST /articles",
        "PUT /articles/{id}",
        "DELETE /articles/{id}",
    ),
    "read_news": ("GET /news/news_items", "GET /news/news_items/{id}", "GET /news/newsfeeds"),
    "read_write_news": ("DELETE /news/news_items/{id}",),
    "read_ai_content": (
        "GET /ai/external_pages",
        "GET /ai/external_pages/{id}",
        "GET /ai/content_import_sources",
        "GET /ai/content_import_sources/{id}",
    ),
    "read_write_ai_content": ("DELETE /ai/external_pages/{id}",),
    "read_data_connectors": (
        "GET /data_connectors",
        "GET /data_connectors/{id}",
        "GET /data_connectors/{id}/execution_results",
        "GET /data_connectors/{data_connector_id}/execution_results/{id}",
    ),
    "read_write_data_connectors": (
        "POST /data_connectors",
        "PATCH /data_connectors/{id}",
        "DELETE /data_connectors/{id}",
    ),
    "read_content_snippets": ("GET /content_snippets", "GET /content_snippets/{id}"),
    "read_write_content_snippets": ("DELETE /content_snippets/{id}",),
    "read_audiences": ("GET /audiences", "GET /audiences/{id}"),
    "read_write_audiences": ("DELETE /audiences/{id}",),
    "export_content_data": ("POST /export/content/data",),
    "export_reporting_data": ("GET /export/reporting_data/get_datasets",),
    "manage_ip_allowlist": ("GET /ip_allowlist", "PUT /ip_allowlist"),
    "read_secure_mode_secret": ("GET /secure_mode_secrets",),
    "write_secure_mode_secret": ("POST /secure_mode_secrets", "DELETE /secure_mode_secrets/{id}"),
    # permissions that exist but guard no route of the sandbox
    "delete_conversations_and_metrics": (),
    "read_write_users": (),
    "read_counts": (),
    "read_jobs": (),
    "export_message_data": (),
    "read_content_data": (),
    "read_write_custom_objects": (),
    "gather_app_data": (),
    "create_phone_call_redirects": (),
    "read_content": (),
    "write_content": (),
    "read_auth_tokens": (),
    "write_auth_tokens": (),
}

# what a wider permission includes under `write_implies_read`
IMPLIED: Final[Mapping[str, str]] = {
    "read_write_articles_scope": "read_articles_scope",
    "read_write_news": "read_news",
    "read_write_ai_content": "read_ai_content",
    "read_write_data_connectors": "read_data_connectors",
    "read_write_content_snippets": "read_content_snippets",
    "read_write_audiences": "read_audiences",
}

# what a query value requires besides the route's own guard (notes of the API description)
BESIDES: Final[Mapping[tuple[str, str, str], str]] = {
    ("DELETE /conversations/{id}", "retain_metrics", "false"): "delete_conversations_and_metrics",
}

_GUARDS: Final = {route: scope for scope, routes in SCOPES.items() for route in routes}


def scope_of(route: str) -> str:
    """The permission that guards a route; KeyError for a route that is not in the table."""
    return _GUARDS[route]
