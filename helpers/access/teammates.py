"""Teammates, as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.intercom.records import Teammate

__all__ = ["teammate_of"]


def teammate_of(admin: Mapping[str, Any]) -> Teammate:
    """One teammate of `/admins`. A missing role means permissions of their own making."""
    role = admin.get("role")
    return Teammate(
        id=str(admin.get("id", "")),
        name=str(admin.get("name") or ""),
        email=str(admin.get("email") or ""),
        role=str(role.get("name") or "") if isinstance(role, dict) else "",
        inbox_seat=bool(admin.get("has_inbox_seat")),
    )
