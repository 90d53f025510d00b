"""Faults on demand: what a bad network and an overloaded server do to a client.

A fault applies to calls that match its method and route, `times` times (0: always), and of those
only to each `every`-th. The answer then comes late, in pieces, incomplete, or never. Latencies are
real seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from starlette.responses import Response

from helpers.sandbox.hub_body import FORBID
from helpers.sandbox.limits import Limiter, too_many
from helpers.sandbox.responses import Refusal

if TYPE_CHECKING:
    from starlette.types import Scope, Send

__all__ = ["KINDS", "Fault", "Faults", "abort_connection", "deliver", "fault_refusal", "skew"]

KINDS: Final = {
    "latency": "respond after `seconds`",
    "status": "respond with `status` and `code` instead (429 carries the rate limit's headers)",
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
    """One fault. An empty method or route matches all; routes are written as in the scopes."""

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

    def applies_to(self, method: str, route: str) -> bool:
        """Whether the fault applies to this call, which is counted."""
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
    """The faults of a workspace."""

    active: list[Fault] = field(default_factory=list)

    def for_call(self, method: str, route: str) -> dict[str, Fault]:
        """The faults that apply to this call, by kind."""
        if not self.active:
            return {}
        return {f.kind: f for f in self.active if f.applies_to(method, route)}


ActiveFaults = Mapping[str, Fault]
_PIECES: Final = 8


def fault_refusal(fault: Fault, limiter: Limiter) -> Refusal:
    """The error response of a `status` fault."""
    if fault.status == 429:  # noqa: PLR2004 - the HTTP status
        return too_many(limiter.headers(0) | fault.headers)
    message = f"Requested fault: {fault.code}"
    return Refusal(fault.status, fault.code, message, headers=fault.headers)


def skew(active: ActiveFaults) -> timedelta:
    """The offset of the `Date` header."""
    return timedelta(seconds=active["skew"].seconds if "skew" in active else 0)


async def deliver(response: Response, active: ActiveFaults, scope: Scope, send: Send) -> None:
    """Send the response as the active faults distort it."""
    if "latency" in active:
        await asyncio.sleep(active["latency"].seconds)
    if "drop" in active:
        abort_connection(send)
    elif "tear" in active:
        await _send_part(response, response.body[: len(response.body) // 2], send)
        # the server closes the connection of an unfinished response
    elif "truncate" in active:
        half = bytes(response.body[: len(response.body) // 2])
        headers = {k: v for k, v in response.headers.items() if k != "content-length"}
        await Response(half, response.status_code, headers)(scope, _nothing, send)
    elif "slow" in active:
        await _send_slowly(response, active["slow"].seconds, send)
    else:
        await response(scope, _nothing, send)


async def _nothing() -> Any:
    raise RuntimeError("the body has been read")


def abort_connection(send: Send) -> None:
    """Abort the TCP connection: uvicorn's `send` belongs to the object that holds it."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]


async def _send_part(response: Response, part: bytes | memoryview, send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
    )
    await send({"type": "http.response.body", "body": bytes(part), "more_body": True})


async def _send_slowly(response: Response, seconds: float, send: Send) -> None:
    body = bytes(response.body)
    step = max(-(-len(body) // _PIECES), 1)
    await _send_part(response, b"", send)
    for start in range(0, len(body), step):
        await asyncio.sleep(seconds / _PIECES)
        piece = {"type": "http.response.body", "body": body[start : start + step]}
        await send({**piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
