"""The API, one module per subject. Importing the package registers every endpoint."""

from helpers.sandbox.endpoints import (
    activity,
    admins,
    connectors,
    contacts,
    content,
    conversations,
    events,
    security,
)

__all__ = [
    "activity",
    "admins",
    "connectors",
    "contacts",
    "content",
    "conversations",
    "events",
    "security",
]
