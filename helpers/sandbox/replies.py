"""An answer of the sandbox before it is sent, and ways to send a body that a client must survive.

A stream gets the honest body and yields what is sent in its place, piece by piece.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from starlette.types import Send

__all__ = ["Reply", "Stream", "bomb", "drip", "endless", "half", "late", "never"]

Stream = Callable[[bytes], AsyncIterator[bytes]]
_BLOCK: Final = bytes(1024 * 1024)


class _UnfinishedError(Exception):
    """The rest of a body is never sent."""


@dataclass(frozen=True)
class Reply:
    """An answer before it is sent: JSON (None for no body), or bytes as they are."""

    status: int
    headers: Mapping[str, str]
    body: Any
    stream: Stream | None = None

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()

    async def send_stream(self, send: Send) -> None:
        """Send the body in the pieces that the stream makes of it."""
        assert self.stream is not None  # noqa: S101 - the caller asked
        headers = [(k.lower().encode(), v.encode()) for k, v in self.headers.items()]
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        await send(start)
        try:
            async for piece in self.stream(self.content):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except _UnfinishedError:
            return  # the server closes the connection of an unfinished answer
        await send({"type": "http.response.body", "body": b""})


async def never(_body: bytes) -> AsyncIterator[bytes]:
    """No byte, for a day."""
    await asyncio.sleep(86_400)
    yield b""


async def late(body: bytes) -> AsyncIterator[bytes]:
    """The whole body after half a second."""
    await asyncio.sleep(0.5)
    yield body


async def drip(body: bytes) -> AsyncIterator[bytes]:
    """One byte a second."""
    for place in range(len(body)):
        await asyncio.sleep(1)
        yield body[place : place + 1]


async def endless(body: bytes) -> AsyncIterator[bytes]:
    """The first byte, then blanks without end."""
    yield body[:1]
    while True:
        await asyncio.sleep(0)
        yield b" " * 65_536


async def bomb(_body: bytes) -> AsyncIterator[bytes]:
    """Ten GB of zeros as gzip: after a full flush, equal blocks are equal when compressed."""
    packer = zlib.compressobj(wbits=31)
    yield packer.compress(_BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(_BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(10_000):
        await asyncio.sleep(0)
        yield block


async def half(body: bytes) -> AsyncIterator[bytes]:
    """The first half, then the connection closes."""
    yield body[: len(body) // 2]
    raise _UnfinishedError
