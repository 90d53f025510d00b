"""Rate limits in fixed windows, as documented: 10,000 a minute per app, 25,000 per workspace.

Intercom spreads the minute over windows of ten seconds. Windows run on the real clock, because
clients wait in real time. Limits and window can be scaled down.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import ClassVar

from helpers.sandbox.hub_body import FORBID
from helpers.sandbox.responses import Refusal

__all__ = ["Limiter", "RateLimit", "too_many"]


@dataclass(frozen=True)
class RateLimit:
    """Calls allowed in a window, for each app and for the workspace; the window in seconds."""

    __pydantic_config__: ClassVar = FORBID

    app: int = 10_000 // 6
    workspace: int = 25_000 // 6
    window: float = 10.0

    def __post_init__(self) -> None:
        if min(self.app, self.workspace) < 0 or self.window <= 0:
            raise ValueError("limits are 0 or more calls, the window more than 0 seconds")


@dataclass
class Limiter:
    """Counts calls; returns the `X-RateLimit-*` headers, or refuses with 429."""

    limit: RateLimit = field(default_factory=RateLimit)
    _window: int = -1
    _calls: dict[str, int] = field(default_factory=dict)

    def take(self, app: str) -> dict[str, str]:
        """Count a call. Raises Refusal (429) when the window is used up."""
        window = int(time.time() / self.limit.window)
        if window != self._window:
            self._window, self._calls = window, {}
        used = self._calls[app] = self._calls.get(app, 0) + 1
        total = self._calls[""] = self._calls.get("", 0) + 1
        left = min(self.limit.app - used, self.limit.workspace - total)
        headers = self.headers(max(left, 0))
        if left < 0:
            raise too_many(headers)
        return headers

    def headers(self, remaining: int) -> dict[str, str]:
        """The documented headers; the reset is in whole unix seconds."""
        end = (int(time.time() / self.limit.window) + 1) * self.limit.window
        return {
            "X-RateLimit-Limit": str(self.limit.app),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(math.ceil(end)),
        }


def too_many(headers: dict[str, str]) -> Refusal:
    """The response to a call beyond the limit."""
    message = "Exceeded rate limit"
    return Refusal(429, "rate_limit_exceeded", message, headers=headers)
