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
    """A teammate as `/admins` shows them. `role` is "" for custom permissions."""

    id: str
    name: str
    email: str
    role: str = ""
    inbox_seat: bool = False

    @property
    def full_access(self) -> bool:
        """Whether the role's name is one that Intercom gives to those who may do everything."""
        return self.role.lower() in {"admin", "owner", "full access"}

    @classmethod
    def from_api(cls, admin: Mapping[str, Any]) -> Teammate:
        """Read one teammate of `/admins`. Custom permissions come without a role."""
        role = admin.get("role")
        return cls(
            id=str(admin.get("id", "")),
            name=str(admin.get("name") or ""),
            email=str(admin.get("email") or ""),
            role=str(role.get("name") or "") if isinstance(role, dict) else "",
            inbox_seat=bool(admin.get("has_inbox_seat")),
        )


class Allowlist(Record):
    """The IP allowlist."""

    enabled: bool
    entries: tuple[str, ...]


class Connector(Record):
    """A data connector: where it calls and how it authenticates. No header has a value here."""

    id: str
    name: str
    url: str
    state: str
    headers: tuple[str, ...]
    token_ids: tuple[str, ...]
    customer_authentication: bool
    bypass_authentication: bool


class IdentitySecret(Record):
    """A Messenger identity secret: name, platforms and date (UTC), never the value."""

    id: str
    name: str
    created_at: datetime
    platforms: tuple[str, ...]
