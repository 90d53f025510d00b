"""The bounds of one call: how long it may take as a whole, and how large its answer may be.

A time limit a read does not end a server that sends one byte every few seconds, so each read of the
socket gets what is left of the call's own time. Bodies are unpacked piece by piece and dropped at
the limit, so that a few packed kilobytes can't become gigabytes.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpcore
import httpx

from helpers.core.errors import UnreachableError, UnreadableAnswerError
from helpers.core.policy import Limits

__all__ = ["call_bounds", "limit_reads", "out_of_time", "read_bounded", "seconds_left"]

_PIECE: Final = 1 << 16  # bytes unpacked at a time
_END: ContextVar[float] = ContextVar("end of the call", default=float("inf"))
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_REPLACED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


@contextmanager
def call_bounds(limits: Limits) -> Iterator[None]:
    """Within it, everything that this thread reads belongs to one call."""
    token = _END.set(time.monotonic() + limits.call_seconds)
    try:
        yield
    finally:
        _END.reset(token)


def seconds_left() -> float:
    """What is left of the call's time; infinite outside of a call."""
    return _END.get() - time.monotonic()


def out_of_time(call: str, limits: Limits) -> UnreachableError:
    """The call took longer than it may."""
    return UnreachableError(
        f"{call} had no whole answer within {limits.call_seconds} s "
        "(`limits.call_seconds` in policy.toml).",
        "Try again; a server or proxy that answers this slowly needs to be checked.",
    )


def read_bounded(response: httpx.Response, call: str, limits: Limits) -> httpx.Response:
    """The answer with its body, unpacked.

    Raises UnreadableAnswerError for one that is too large or packed in another way than was asked
    for, UnreachableError for one that takes too long, and httpx.TransportError.
    """
    pieces, size = [], 0
    try:
        for piece in _unpacked(response, call):
            pieces.append(piece)
            size += len(piece)
            if size > limits.megabytes * 1_000_000:
                what = f"more than {limits.megabytes} MB (`limits.megabytes` in policy.toml)"
                raise UnreadableAnswerError(call, what)
            if seconds_left() <= 0:
                raise out_of_time(call, limits)
    finally:
        response.close()
    headers = [(k, v) for k, v in response.headers.raw if k.decode().lower() not in _REPLACED]
    return httpx.Response(response.status_code, headers=headers, content=b"".join(pieces))


def _unpacked(response: httpx.Response, call: str) -> Iterator[bytes]:
    stream = response.stream
    if not isinstance(stream, httpx.SyncByteStream):
        raise TypeError("the transport has to be a synchronous one")
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        yield from stream
    elif encoding in _PACKED:
        try:
            yield from _inflated(stream)
        except zlib.error:
            raise UnreadableAnswerError(call, "a body that can't be unpacked") from None
    else:
        raise UnreadableAnswerError(call, "a body packed in a way that was not asked for")


def _inflated(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip or zlib, never more than one piece at a time."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
    for chunk in stream:
        yield inflater.decompress(chunk, _PIECE)
        while inflater.unconsumed_tail:
            yield inflater.decompress(inflater.unconsumed_tail, _PIECE)


def limit_reads(transport: httpx.HTTPTransport) -> httpx.HTTPTransport:
    """Make each read and write of a transport's sockets end with the call's time."""
    pool = transport._pool  # noqa: SLF001 (httpx has no way in; a test fails if this moves)
    pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001
    return transport


def _limited(timeout: float | None) -> float | None:
    left = seconds_left()
    if left <= 0:
        raise httpcore.ReadTimeout("the call's time is over")
    if left == float("inf"):
        return timeout
    return left if timeout is None else min(left, timeout)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(host, port, _limited(timeout), *args, **options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _limited(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _limited(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _limited(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
