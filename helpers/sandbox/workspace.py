"""A workspace: everything that one caller of the sandbox sees and may change."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from helpers.sandbox import tokens
from helpers.sandbox.activity import ActivityLog
from helpers.sandbox.apps import App, Token
from helpers.sandbox.behaviours import Behaviours
from helpers.sandbox.clock import Clock
from helpers.sandbox.faults import Faults
from helpers.sandbox.limits import Limiter

__all__ = ["Item", "Workspace"]

Item = dict[str, Any]


@dataclass
class Workspace:
    """The state. Times are unix seconds of the workspace's own clock."""

    seed: str
    id_code: str
    title: str
    created_at: int
    region: str = "US"
    timezone: str = "Europe/Dublin"
    identity_verification: bool = False
    clock: Clock = field(default_factory=Clock)
    apps: dict[str, App] = field(default_factory=dict)
    admins: dict[str, Item] = field(default_factory=dict)
    activity: ActivityLog = field(default_factory=ActivityLog)
    allowlist: Item = field(
        default_factory=lambda: {"type": "ip_allowlist", "enabled": False, "ip_allowlist": []}
    )
    collections: dict[str, dict[str, Item]] = field(default_factory=dict)
    behaviours: Behaviours = field(default_factory=Behaviours)
    faults: Faults = field(default_factory=Faults)
    limiter: Limiter = field(default_factory=Limiter)
    requests: deque[Item] = field(default_factory=lambda: deque(maxlen=10_000))
    _serial: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """Unix seconds on this workspace's clock."""
        return self.clock.now

    def owner_of(self, value: str) -> tuple[App, Token] | None:
        """The app and the token record of a token's value."""
        for app, token in self.issued():
            if token.value == value:
                return app, token
        return None

    def issued(self) -> Iterator[tuple[App, Token]]:
        """Every token that was ever issued."""
        for app in self.apps.values():
            for token in app.tokens:
                yield app, token

    def collection(self, name: str) -> dict[str, Item]:
        """Things of one kind, by id."""
        return self.collections.setdefault(name, {})

    def next_number(self, kind: str, start: int = 1) -> int:
        """Ids that count up, the same in every run."""
        self._serial[kind] = self._serial.get(kind, start - 1) + 1
        return self._serial[kind]

    def next_hex_id(self, kind: str) -> str:
        """24 hex digits, as contacts and companies have them."""
        return tokens.identifier(f"{kind}/{self.next_number(kind)}").hex[:24]

    def request_id(self, call: str) -> str:
        """An id that depends on the call and on how often it came before: the same in every run."""
        return str(tokens.identifier(f"request/{call}/{self.next_number('request ' + call)}"))

    def record(
        self, activity_type: str, description: str, *, by: Item, metadata: Item | None = None
    ) -> Item:
        """Write the activity log, now."""
        return self.activity.record(
            activity_type, description, at=self.now, by=by, metadata=metadata
        )
