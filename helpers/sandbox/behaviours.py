"""How the sandbox behaves where Intercom's documentation is silent or says two things."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["Behaviours"]


@dataclass
class Behaviours:
    """Switches of one workspace, set through the hub."""

    missing_scope_shape: int = 403  # 403 `forbidden`, or 401 `token_unauthorized`
    lookup_before_scope: bool = False  # 404 for an absent id before the permission is looked at
    write_implies_read: bool = False
    guards: dict[str, str] = field(default_factory=dict)  # route: another scope than the table's
    plan_restricted: list[str] = field(default_factory=list)  # routes the plan does not cover
    revoked_code: str = "token_revoked"
    expired_code: str = "token_expired"
    unknown_code: str = "unauthorized"
    ip_code: str = "forbidden"  # the documentation gives the message alone
    client_ip: str = ""  # pretend that calls come from here

    def update(self, changes: dict[str, Any]) -> None:
        """Set some switches. Raises ValueError for one that does not exist or has another type."""
        kinds = {f.name: type(getattr(self, f.name)) for f in fields(self)}
        for name, value in changes.items():
            if not isinstance(value, kinds.get(name, ())):
                message = f"behaviours have no {name} like that; they are {sorted(kinds)}"
                raise ValueError(message)  # noqa: TRY004 - the hub answers 400
            setattr(self, name, value)
