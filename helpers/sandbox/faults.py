"""Faults on demand: what the network and a server under strain do to a client.

A fault strikes calls that match its method and route, `times` times (0: always), and of those only
every `every`-th. Latencies are real seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from helpers.sandbox.reading import FORBID

__all__ = ["KINDS", "Fault", "Faults"]

KINDS: Final = {
    "latency": "answer after `seconds`",
    "status": "answer with `status` and `code` instead (429 carries the rate limit's headers)",
    "refuse": "close the connection; the call is not carried out",
    "drop": "carry the call out, and close the connection before any answer",
    "tear": "close the connection in the middle of the body",
    "truncate": "a whole response whose JSON is cut in half",
    "slow": "send the body in pieces, `seconds` in all",
    "skew": "a `Date` header that is `seconds` off",
}
_LONGEST: Final = 86_400  # seconds


@dataclass
class Fault:
    """One fault. An empty method or route matches all; a route is written as in the scopes."""

    __pydantic_config__: ClassVar = FORBID

    kind: str
    route: str = ""
    method: str = ""
    times: int = 0
    every: int = 1
    seconds: float = 0.0
    status: int = 500
    code: str = "server_error"
    headers: dict[str, str] = field(default_factory=dict)
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kinds are {', '.join(KINDS)}")
        if self.every < 1 or self.times < 0 or not 0 <= abs(self.seconds) <= _LONGEST:
            raise ValueError("every is 1 or more, times 0 or more, seconds within a day")

    def strikes(self, method: str, route: str) -> bool:
        """Whether this call is hit; counts it."""
        if (self.method and self.method != method) or (self.route and self.route != route):
            return False
        if self.times and self.struck >= self.times:
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.struck += 1
        return True


@dataclass
class Faults:
    """The faults that are set in a workspace."""

    active: list[Fault] = field(default_factory=list)

    def for_call(self, method: str, route: str) -> dict[str, Fault]:
        """The faults that strike this call, by kind."""
        if not self.active:
            return {}
        return {f.kind: f for f in self.active if f.strikes(method, route)}
