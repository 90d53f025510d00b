"""How a fault reaches the client: late, torn, truncated, or never."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from helpers.sandbox.answers import Refusal
from helpers.sandbox.faults import Fault
from helpers.sandbox.limits import Limiter, too_many

if TYPE_CHECKING:
    from starlette.types import Scope, Send

__all__ = ["cut_line", "deliver", "refusal", "skew"]

Struck = Mapping[str, Fault]
_PIECES: Final = 8


def refusal(fault: Fault, limiter: Limiter) -> Refusal:
    """The error that a `status` fault answers with."""
    if fault.status == 429:  # noqa: PLR2004 - the HTTP status
        return too_many(limiter.headers(0) | fault.headers)
    message = f"A fault was asked for: {fault.code}"
    return Refusal(fault.status, fault.code, message, headers=fault.headers)


def skew(struck: Struck) -> timedelta:
    """How far the `Date` header is off."""
    return timedelta(seconds=struck["skew"].seconds if "skew" in struck else 0)


async def deliver(response: Response, struck: Struck, scope: Scope, send: Send) -> None:
    """Send the response, as the faults will have it."""
    if "latency" in struck:
        await asyncio.sleep(struck["latency"].seconds)
    if "drop" in struck:
        cut_line(send)
    elif "tear" in struck:
        await _send_part(response, response.body[: len(response.body) // 2], send)
        # the server closes the connection on an answer that was not finished
    elif "truncate" in struck:
        half = bytes(response.body[: len(response.body) // 2])
        headers = {k: v for k, v in response.headers.items() if k != "content-length"}
        await Response(half, response.status_code, headers)(scope, _nothing, send)
    elif "slow" in struck:
        await _send_slowly(response, struck["slow"].seconds, send)
    else:
        await response(scope, _nothing, send)


async def _nothing() -> Any:
    raise RuntimeError("the body has been read")


def cut_line(send: Send) -> None:
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
