"""A workspace: all state that its callers see and may change.

Its behaviours decide where Intercom's documentation is silent or contradicts itself.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from helpers.sandbox import tokens
from helpers.sandbox.activity_log import ActivityLog
from helpers.sandbox.apps import SandboxApp, Token
from helpers.sandbox.clock import Clock
from helpers.sandbox.faults import Faults
from helpers.sandbox.hub_body import FORBID
from helpers.sandbox.limits import Limiter
from helpers.sandbox.misbehaviour import MODES, Misbehaviour

__all__ = ["Behaviours", "JsonObject", "SandboxWorkspace"]

JsonObject = dict[str, Any]


@dataclass
class Behaviours:
    """Switches of one workspace, set through the hub."""

    __pydantic_config__: ClassVar = FORBID

    missing_scope_shape: Literal[401, 403] = 403  # 403 `forbidden`, or 401 `token_unauthorized`
    lookup_before_scope: bool = False  # 404 for a missing id before the permission is checked
    write_implies_read: bool = False
    guards: dict[str, str] = field(default_factory=dict)  # route: another scope than the table's
    plan_restricted: list[str] = field(default_factory=list)  # routes the plan does not cover
    revoked_code: str = "token_revoked"
    expired_code: str = "token_expired"
    unknown_code: str = "unauthorized"
    ip_code: str = "forbidden"  # only the message is documented
    client_ip: str = ""  # pretend that calls come from here
    misbehave: str = ""  # a mode of `misbehaviour`: answers that are not the truth
    misbehave_me: bool = False  # for GET /me as well

    def __post_init__(self) -> None:
        if self.client_ip:
            ipaddress.ip_address(self.client_ip)
        if self.misbehave and self.misbehave not in MODES:
            raise ValueError(f"no mode of misbehaviour is called {self.misbehave!r}")

    def misbehaviour(self, route: str) -> Misbehaviour | None:
        """How calls of this route are answered, if not honestly."""
        spared = route == "GET /me" and not self.misbehave_me
        return None if spared else MODES.get(self.misbehave)


@dataclass
class SandboxWorkspace:
    """The state. Times are unix seconds of the workspace's own clock."""

    seed: str
    id_code: str
    title: str
    created_at: int
    region: str = "US"
    timezone: str = "Europe/Dublin"
    identity_verification: bool = False
    clock: Clock = field(default_factory=Clock)
    apps: dict[str, SandboxApp] = field(default_factory=dict)
    admins: dict[str, JsonObject] = field(default_factory=dict)
    activity: ActivityLog = field(default_factory=ActivityLog)
    allowlist: JsonObject = field(
        default_factory=lambda: {"type": "ip_allowlist", "enabled": False, "ip_allowlist": []}
    )
    collections: dict[str, dict[str, JsonObject]] = field(default_factory=dict)
    behaviours: Behaviours = field(default_factory=Behaviours)
    faults: Faults = field(default_factory=Faults)
    limiter: Limiter = field(default_factory=Limiter)
    requests: deque[JsonObject] = field(default_factory=lambda: deque(maxlen=10_000))
    _serial: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """Unix seconds on this workspace's clock."""
        return self.clock.now

    def owner_of(self, value: str) -> tuple[SandboxApp, Token] | None:
        """The app and the token record of a token's value."""
        for app, token in self.issued():
            if token.value == value:
                return app, token
        return None

    def issued(self) -> Iterator[tuple[SandboxApp, Token]]:
        """Every token that was ever issued."""
        for app in self.apps.values():
            for token in app.tokens:
                yield app, token

    def collection(self, name: str) -> dict[str, JsonObject]:
        """The items of one collection, by id."""
        return self.collections.setdefault(name, {})

    def next_number(self, kind: str, start: int = 1) -> int:
        """Ids that count up, the same in every run."""
        self._serial[kind] = self._serial.get(kind, start - 1) + 1
        return self._serial[kind]

    def next_hex_id(self, kind: str) -> str:
        """24 hex digits, as contacts and companies have them."""
        return tokens.identifier(f"{kind}/{self.next_number(kind)}").hex[:24]

    def request_id(self, call: str) -> str:
        """An id that depends on the call and its earlier repetitions: the same in every run."""
        return str(tokens.identifier(f"request/{call}/{self.next_number('request ' + call)}"))

    def record(
        self,
        activity_type: str,
        description: str,
        *,
        by: JsonObject,
        metadata: JsonObject | None = None,
    ) -> JsonObject:
        """Write to the activity log at the current time."""
        return self.activity.record(
            activity_type, description, at=self.now, by=by, metadata=metadata
        )
