"""The bounds of one call: how long it may take as a whole, and how large its answer may be.

A time limit a read does not end a server that sends one byte every few seconds, so each read of the
socket gets what is left of the call's own time. Bodies are unpacked piece by piece and dropped at
the limit, so that a few packed kilobytes can't become gigabytes. Several threads may ask at once,
but only one at a time holds a large answer, until it is parsed.

A step has an end as well: from then on no call of this process begins, and one that runs ends.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, Final

import httpcore
import httpx

from helpers.core.errors import UnreachableError, UnreadableAnswerError
from helpers.core.policy import Limits

__all__ = [
    "call_bounds",
    "large_answers",
    "limit_reads",
    "out_of_time",
    "read_bounded",
    "seconds_left",
    "step_bounds",
]

_PIECE: Final = 1 << 16  # bytes unpacked at a time
_END: ContextVar[float] = ContextVar("end of the call", default=float("inf"))
_LARGE: Final = 1_000_000  # bytes from which on an answer is large
_FOREVER: Final = float("inf")
_AT_ONCE: Final = Lock()  # held by the call whose large answer is being read
_HELD: ContextVar[ExitStack | None] = ContextVar("what is released after the answer", default=None)
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_REPLACED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class _Step:
    """When the step of this process ends. Its calls are made by many threads."""

    end = _FOREVER


@contextmanager
def step_bounds(limits: Limits) -> Iterator[None]:
    """Within it, every call of this process has to end within the time that a step may take."""
    before = _Step.end
    _Step.end = min(before, time.monotonic() + limits.step_seconds)
    try:
        yield
    finally:
        _Step.end = before


@contextmanager
def large_answers() -> Iterator[None]:
    """Within it, a thread that reads a large answer keeps others from reading theirs."""
    with ExitStack() as held:
        token = _HELD.set(held)
        try:
            yield
        finally:
            _HELD.reset(token)


@contextmanager
def call_bounds(limits: Limits) -> Iterator[None]:
    """Within it, everything that this thread reads belongs to one call."""
    token = _END.set(min(time.monotonic() + limits.call_seconds, _Step.end))
    try:
        yield
    finally:
        _END.reset(token)


def seconds_left() -> float:
    """What is left of the call's time; infinite outside of a call."""
    return _END.get() - time.monotonic()


def out_of_time(call: str, limits: Limits) -> UnreachableError:
    """The call took longer than it, or the step, may."""
    if _Step.end <= time.monotonic():
        return UnreachableError(
            f"{call} was not answered before the step's time was over, {limits.step_seconds} s "
            "(`limits.step_seconds` in policy.toml).",
            "Find out what is slow, or allow more time if the workspace is that large.",
        )
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
    body = bytearray()
    try:
        for piece in _unpacked(response, call):
            body += piece
            if len(body) > _LARGE:
                _wait_for_turn(call, limits)
            if len(body) > limits.megabytes * 1_000_000:
                body.clear()  # an error would keep it alive
                what = f"more than {limits.megabytes} MB (`limits.megabytes` in policy.toml)"
                raise UnreadableAnswerError(call, what)
            if seconds_left() <= 0:
                raise out_of_time(call, limits)
    finally:
        response.close()
    headers = [(k, v) for k, v in response.headers.raw if k.decode().lower() not in _REPLACED]
    return httpx.Response(response.status_code, headers=headers, content=bytes(body))


def _wait_for_turn(call: str, limits: Limits) -> None:
    """Wait until no other large answer is held. Raises UnreachableError when time is over."""
    held = _HELD.get()
    if held is None:  # the caller reads one answer after the other
        return
    if not _AT_ONCE.acquire(timeout=max(seconds_left(), 0)):
        raise out_of_time(call, limits)
    held.callback(_AT_ONCE.release)
    _HELD.set(None)  # once is enough


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
