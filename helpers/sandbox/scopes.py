"""The sandbox's own table: which permission guards which route.

Taken from Intercom's documentation (developers.intercom.com, "OAuth scopes", and the notes of the
API description); where no key is printed there, the key is built like the printed ones. Each route
has one guard. That a "read and write" permission would also let a call read is not documented; the
behaviour `write_implies_read` turns it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["IMPLIED", "SCOPES", "scope_of"]

# scope: the routes it guards ("METHOD /path"), in the words of the API description
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
}

# what a wider permission would bring with it, where the behaviour says so
IMPLIED: Final[Mapping[str, str]] = {}

_GUARDS: Final = {route: scope for scope, routes in SCOPES.items() for route in routes}


def scope_of(route: str) -> str:
    """The permission that guards a route; KeyError for a route that is not in the table."""
    return _GUARDS[route]
