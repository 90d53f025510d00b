"""What Intercom's API says of teammates, allowlist, connectors and identity secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from helpers.core.model import Record
from helpers.intercom.answers import Admin

__all__ = [
    "CONNECTOR_STATES",
    "Allowlist",
    "Connector",
    "IdentitySecret",
    "Teammate",
]


CONNECTOR_STATES: Final = frozenset({"draft", "live"})  # in Intercom's API description 2.16


class Teammate(Record):
    """A teammate as `/admins` shows them. `role` is "" for custom permissions.

    A role's name does not say what it allows. `inbox_seat` is None where Intercom does not say.
    """

    id: str
    name: str
    email: str
    role: str = ""
    inbox_seat: bool | None = None

    @classmethod
    def of(cls, admin: Admin) -> Teammate:
        """A teammate of `/admins`. Custom permissions come without a role."""
        return cls(
            id=admin.id,
            name=admin.name or "",
            email=admin.email or "",
            role=admin.role.name if admin.role else "",
            inbox_seat=admin.has_inbox_seat,
        )


class Allowlist(Record):
    """The IP allowlist."""

    enabled: bool
    entries: tuple[str, ...]


class Connector(Record):
    """A data connector: where it calls and what it sends. No header has a value here.

    `token_ids` and headers hold the credential for the system that is called.
    `customer_authentication` is a one-time password for the customer; `bypass_authentication` says
    that the endpoint is public. None is what Intercom does not report.
    """

    id: str
    name: str
    url: str
    state: str
    headers: tuple[str, ...]
    token_ids: tuple[str, ...] | None
    customer_authentication: bool | None
    bypass_authentication: bool | None


class IdentitySecret(Record):
    """A Messenger identity secret: name, date (UTC) and platforms, never the value.

    A platform is None where Intercom does not say whether the secret is valid there.
    """

    id: str
    name: str
    created_at: datetime | None
    web: bool | None
    ios: bool | None
    android: bool | None
