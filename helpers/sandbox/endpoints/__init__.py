"""The API, one module a subject. Importing the package registers every endpoint."""

from helpers.sandbox.endpoints import (
    activity,
    admins,
    companies,
    connectors,
    contacts,
    conversations,
    events,
    library,
    security,
    writing,
)

__all__ = [
    "activity",
    "admins",
    "companies",
    "connectors",
    "contacts",
    "conversations",
    "events",
    "library",
    "security",
    "writing",
]
