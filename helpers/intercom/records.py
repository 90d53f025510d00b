"""What Intercom's API says of teammates, allowlist, connectors and identity secrets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from helpers.core.model import Record

__all__ = [
    "Allowlist",
    "Connector",
    "IdentitySecret",
    "Teammate",
]


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
    def from_api(cls, admin: Mapping[str, Any]) -> Teammate:
        """Read one teammate of `/admins`. Custom permissions come without a role."""
        role, seat = admin.get("role"), admin.get("has_inbox_seat")
        return cls(
            id=str(admin.get("id", "")),
            name=str(admin.get("name") or ""),
            email=str(admin.get("email") or ""),
            role=str(role.get("name") or "") if isinstance(role, dict) else "",
            inbox_seat=seat if isinstance(seat, bool) else None,
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
