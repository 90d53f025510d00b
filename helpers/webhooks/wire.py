"""Send one request over a socket and read the response. Always ends by its deadline.

We write the bytes of the request ourselves, so a request may be as malformed as a case needs; h11
reads the response. Every request has its own connection: servers close after an error, and on a
shared connection the next case would take the blame. Redirects are responses, never followed.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Final
from urllib.parse import quote

import h11

from helpers.webhooks.framing import Framing
from helpers.webhooks.request_builder import USER_AGENT, ReceiverRequest
from helpers.webhooks.target import Target

__all__ = ["ReceiverResponse", "ResponseKind", "ResponseReader", "send"]

_KEPT: Final = 262_144  # bytes of a response body that are examined
_BODILESS: Final = frozenset({"GET", "HEAD"})
_PAUSE: Final = 0.05  # seconds between the halves of a slow body


class ResponseKind(StrEnum):
    """How an exchange ended."""

    ANSWERED = "answered"
    UNREACHABLE = "no connection"
    TLS = "no TLS connection"
    CLOSED = "closed without a complete response"
    HUNG = "no response in time"
    GARBAGE = "a response that is not HTTP"

    @property
    def reached(self) -> bool:
        """True if the request reached something that might be the receiver."""
        return self not in {ResponseKind.UNREACHABLE, ResponseKind.TLS}


@dataclass(frozen=True)
class ReceiverResponse:
    """What came back. `seconds` runs from the first byte sent to the last one read."""

    kind: ResponseKind
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    seconds: float = 0.0
    version: str = ""
    detail: str = ""

    @property
    def observed(self) -> str:
        """A short description. Never text from the response, which may contain a secret."""
        if self.kind is ResponseKind.ANSWERED:
            return str(self.status)
        return f"{self.kind}{f' ({self.detail})' if self.detail else ''}"

    @property
    def accepted(self) -> bool:
        """True for a 2xx: Intercom counts the delivery as delivered."""
        return self.kind is ResponseKind.ANSWERED and 200 <= self.status < 300  # noqa: PLR2004 (2xx)

    def header(self, name: str) -> str:
        """The first header of that name (given in lower case), or an empty text."""
        return next((value for key, value in self.headers if key == name), "")


@cache
def _plain_request(method: str) -> tuple[h11.Request, h11.EndOfMessage]:
    host = [("Host", "receiver")]
    return h11.Request(method=method, target="/", headers=host), h11.EndOfMessage()


class ResponseReader:
    """Reads one response with h11, which only sees a plain request, not what was really sent."""

    def __init__(self, method: str) -> None:
        self._h11 = h11.Connection(h11.CLIENT)
        for event in _plain_request(method):
            self._h11.send(event)
        self._seen = b""
        self._closed = False
        self.status = 0
        self._version = ""
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Feed the bytes that arrived; empty bytes mean that the peer closed."""
        self._seen = (self._seen + data)[:16]
        self._closed = self._closed or not data
        self._h11.receive_data(data)

    def finished(self) -> bool:
        """Parse what arrived; True once the response is complete, or as much as is kept."""
        while (event := self._h11.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Response):
                self.status = event.status_code
                self._version = event.http_version.decode()
                self._headers = tuple(
                    (k.decode("latin-1"), v.decode("latin-1")) for k, v in event.headers
                )
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif not isinstance(event, h11.InformationalResponse):
                return True
        return len(self._body) > _KEPT

    def behind(self) -> bytes:
        """The bytes that arrived after the response."""
        return self._h11.trailing_data[0]

    def trouble(self) -> tuple[ResponseKind, str]:
        """The kind and detail of a protocol error."""
        if self.status:
            return ResponseKind.CLOSED, "incomplete response"
        if self._closed and (not self._seen or b"HTTP/".startswith(self._seen[:5])):
            return ResponseKind.CLOSED, "incomplete response" if self._seen else ""
        return ResponseKind.GARBAGE, "it speaks TLS" if self._seen.startswith(b"\x15\x03") else ""

    def response(self, kind: ResponseKind, detail: str, seconds: float) -> ReceiverResponse:
        """The response as read. Without a status (101, for example) it is not a response."""
        return ReceiverResponse(
            kind=kind if self.status or kind is not ResponseKind.ANSWERED else ResponseKind.GARBAGE,
            status=self.status,
            headers=self._headers,
            body=bytes(self._body[:_KEPT]),
            seconds=seconds,
            version=self._version,
            detail=detail,
        )


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self.start = time.perf_counter()
        self._end = self.start + seconds

    def arm(self, connection: socket.socket) -> None:
        """Limit the next operation to the remaining time."""
        left = self._end - time.perf_counter()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)

    def elapsed(self) -> float:
        return time.perf_counter() - self.start


def send(
    request: ReceiverRequest,
    target: Target,
    *,
    timeout: float,
    headers: tuple[tuple[str, str], ...] = (),
) -> ReceiverResponse:
    """Send a request, return the response within `timeout` seconds. No peer can make it raise."""
    deadline = _Deadline(timeout)
    try:
        connection = _connect(target, timeout, deadline)
    except TimeoutError:
        return ReceiverResponse(
            ResponseKind.UNREACHABLE, seconds=deadline.elapsed(), detail="timed out"
        )
    except ssl.SSLCertVerificationError:
        return ReceiverResponse(ResponseKind.TLS, detail="its certificate is not trusted")
    except ssl.SSLError:
        return ReceiverResponse(ResponseKind.TLS, detail="it does not speak TLS")
    except OSError as error:
        return ReceiverResponse(ResponseKind.UNREACHABLE, detail=_reason(error))
    with connection:
        return _exchange(connection, request, target, headers, deadline)


def _connect(target: Target, timeout: float, deadline: _Deadline) -> socket.socket:
    connection = socket.create_connection((target.host, target.port), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if target.scheme == "http":
        return connection
    try:
        deadline.arm(connection)
        return _tls().wrap_socket(connection, server_hostname=target.host)
    except BaseException:
        connection.close()
        raise


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _exchange(
    connection: socket.socket,
    request: ReceiverRequest,
    target: Target,
    headers: tuple[tuple[str, str], ...],
    deadline: _Deadline,
) -> ReceiverResponse:
    if request.before is None:
        return _send_and_read(connection, [request], target, headers, deadline)[0]
    first = replace(request.before, extra=(*request.before.extra, ("Connection", "keep-alive")))
    at_once = [first, request] if request.pipelined else [first]
    response, left = _send_and_read(connection, at_once, target, headers, deadline)
    if response.kind is not ResponseKind.ANSWERED:
        return response
    if not left and _closes(response):
        return ReceiverResponse(ResponseKind.CLOSED, detail="after the first request")
    if request.pipelined:
        return _read(connection, request.method, deadline, "", left)[0]
    return _send_and_read(connection, [request], target, headers, deadline)[0]


def _closes(response: ReceiverResponse) -> bool:
    """True if the receiver takes one request per connection: RFC 9112, section 9.3."""
    closing = "close" in response.header("connection").lower()
    return response.kind is ResponseKind.ANSWERED and (closing or response.version == "1.0")


def _send_and_read(
    connection: socket.socket,
    requests: list[ReceiverRequest],
    target: Target,
    headers: tuple[tuple[str, str], ...],
    deadline: _Deadline,
) -> tuple[ReceiverResponse, bytes]:
    """Send these at once, and read the first response; what came behind it is returned too."""
    broken = ""
    try:
        for request in requests:
            for part in _parts(request, target, headers):
                deadline.arm(connection)
                connection.sendall(part)
        if requests[-1].framing is Framing.CUT:
            # Of the TCP connection alone: an SSLSocket's own shutdown would end reading as well.
            socket.socket.shutdown(connection, socket.SHUT_WR)
    except TimeoutError:
        hung = ReceiverResponse(
            ResponseKind.HUNG, seconds=deadline.elapsed(), detail="it stopped reading"
        )
        return hung, b""
    except OSError as error:
        broken = _reason(error)  # it may have answered before it closed
    return _read(connection, requests[0].method, deadline, broken)


def _parts(
    request: ReceiverRequest, target: Target, headers: tuple[tuple[str, str], ...]
) -> Iterator[bytes]:
    path = request.route.of(target.path)
    for name, signature in request.query:
        path += f"{'&' if '?' in path else '?'}{name}={quote(signature.value, safe='')}"
    lines = [(b"Host", target.authority.encode()), (b"Connection", b"close")]
    lines += [(b"User-Agent", USER_AGENT.encode()), (b"Accept", b"*/*")]
    lines += [(name.encode(), value.encode("latin-1")) for name, value in headers]
    lines += [*request.header_lines(), *_framing(request)]
    own = {name.lower() for name, _ in request.extra}
    kept = [line for line in lines[:4] if line[0].decode().lower() not in own] + lines[4:]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in kept)
    first, *later = request.framing.parts(request.body)
    yield f"{request.method} {path} HTTP/1.1\r\n".encode() + head + b"\r\n" + first
    for part in later:
        time.sleep(_PAUSE)
        yield part


def _framing(request: ReceiverRequest) -> list[tuple[bytes, bytes]]:
    if request.framing is Framing.LENGTH and not request.body and request.method in _BODILESS:
        return []
    return request.framing.headers(request.body)


def _read(
    connection: socket.socket, method: str, deadline: _Deadline, broken: str, left: bytes = b""
) -> tuple[ReceiverResponse, bytes]:
    """Read a response that begins with the bytes `left`; returns what came behind it too."""
    reader = ResponseReader(method)
    kind, detail = ResponseKind.ANSWERED, ""
    try:
        if left:
            reader.feed(left)
        while not reader.finished():
            deadline.arm(connection)
            reader.feed(connection.recv(65_536))
    except TimeoutError:
        kind, detail = ResponseKind.HUNG, "incomplete response" if reader.status else ""
    except h11.RemoteProtocolError:
        kind, detail = reader.trouble()
    except OSError as error:
        kind, detail = ResponseKind.CLOSED, broken or _reason(error)
    return reader.response(kind, detail, deadline.elapsed()), reader.behind()


def _reason(error: OSError) -> str:
    return {
        ConnectionRefusedError: "refused",
        ConnectionResetError: "reset",
        BrokenPipeError: "reset",
        socket.gaierror: "no such host",
    }.get(type(error), "network error")
