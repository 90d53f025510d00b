"""How the sandbox behaves where Intercom's documentation is silent or says two things."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from helpers.sandbox.reading import FORBID

__all__ = ["Behaviours"]


@dataclass
class Behaviours:
    """Switches of one workspace, set through the hub."""

    __pydantic_config__: ClassVar = FORBID

    missing_scope_shape: Literal[401, 403] = 403  # 403 `forbidden`, or 401 `token_unauthorized`
    lookup_before_scope: bool = False  # 404 for an absent id before the permission is looked at
    write_implies_read: bool = False
    guards: dict[str, str] = field(default_factory=dict)  # route: another scope than the table's
    plan_restricted: list[str] = field(default_factory=list)  # routes the plan does not cover
    revoked_code: str = "token_revoked"
    expired_code: str = "token_expired"
    unknown_code: str = "unauthorized"
    ip_code: str = "forbidden"  # the documentation gives the message alone
    client_ip: str = ""  # pretend that calls come from here

    def __post_init__(self) -> None:
        if self.client_ip:
            ipaddress.ip_address(self.client_ip)
