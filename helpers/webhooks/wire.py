"""Send one request by socket and say what came back. Always ends by its deadline.

The bytes that go out are ours, so that a request may be as wrong as a case wants it; h11 reads
what comes back. Every request has a connection of its own: servers close after an error, and on a
shared connection the next case would take the blame. Redirects are answers, never followed.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from functools import cache
from typing import Final
from urllib.parse import quote

import h11

from helpers.webhooks.answers import Answer, Kind, Reader
from helpers.webhooks.probes import Framing, Probe
from helpers.webhooks.target import Target

__all__ = ["send"]

_PAUSE: Final = 0.05  # seconds between the halves of a slow body


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self.start = time.perf_counter()
        self._end = self.start + seconds

    def arm(self, connection: socket.socket) -> None:
        """Let the next operation take what time is left."""
        left = self._end - time.perf_counter()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)

    def elapsed(self) -> float:
        return time.perf_counter() - self.start


def send(
    probe: Probe, target: Target, *, timeout: float, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    """One request and its answer, within `timeout` seconds. Never raises for what a peer does."""
    deadline = _Deadline(timeout)
    try:
        connection = _connect(target, timeout, deadline)
    except TimeoutError:
        return Answer(Kind.UNREACHABLE, seconds=deadline.elapsed(), detail="timed out")
    except ssl.SSLCertVerificationError:
        return Answer(Kind.TLS, detail="its certificate is not trusted")
    except ssl.SSLError:
        return Answer(Kind.TLS, detail="it does not speak TLS")
    except OSError as error:
        return Answer(Kind.UNREACHABLE, detail=_words(error))
    with connection:
        return _exchange(connection, probe, target, headers, deadline)


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
    probe: Probe,
    target: Target,
    headers: tuple[tuple[str, str], ...],
    deadline: _Deadline,
) -> Answer:
    broken = ""
    try:
        for part in _parts(probe, target, headers):
            deadline.arm(connection)
            connection.sendall(part)
    except TimeoutError:
        return Answer(Kind.HUNG, seconds=deadline.elapsed(), detail="it stopped reading")
    except OSError as error:
        broken = _words(error)  # it may have answered before it closed
    return _read(connection, probe.method, deadline, broken)


def _parts(probe: Probe, target: Target, headers: tuple[tuple[str, str], ...]) -> Iterator[bytes]:
    path = target.path
    for name, mark in probe.query:
        path += f"{'&' if '?' in path else '?'}{name}={quote(mark.value, safe='')}"
    lines = [(b"Host", target.authority.encode()), (b"Connection", b"close")]
    lines += [(b"User-Agent", b"intercom-parrot-service-client/1.0"), (b"Accept", b"*/*")]
    lines += [(name.encode(), value.encode("latin-1")) for name, value in headers]
    lines += [*probe.header_lines(), *_framing(probe)]
    own = {name.lower() for name, _ in probe.extra}
    kept = [line for line in lines[:4] if line[0].decode().lower() not in own] + lines[4:]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in kept)
    yield f"{probe.method} {path} HTTP/1.1\r\n".encode() + head + b"\r\n" + _first(probe)
    yield from _rest(probe)


def _framing(probe: Probe) -> list[tuple[bytes, bytes]]:
    if probe.framing is Framing.CHUNKED:
        return [(b"Transfer-Encoding", b"chunked")]
    length = [(b"Content-Length", str(len(probe.body)).encode())]
    if probe.framing is Framing.CONFLICT:
        return [*length, (b"Transfer-Encoding", b"chunked")]
    return length if probe.body or probe.method not in {"GET", "HEAD"} else []


def _first(probe: Probe) -> bytes:
    """What goes out together with the head: the whole body, where nothing speaks against it."""
    if probe.framing is Framing.SLOW:
        return probe.body[: len(probe.body) // 2]
    if probe.framing in {Framing.CHUNKED, Framing.CONFLICT}:
        return _chunks(probe.body)
    return probe.body


def _rest(probe: Probe) -> Iterator[bytes]:
    if probe.framing is Framing.SLOW:
        time.sleep(_PAUSE)
        yield probe.body[len(probe.body) // 2 :]


def _chunks(body: bytes) -> bytes:
    half = len(body) // 2
    parts = [part for part in (body[:half], body[half:]) if part]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _read(connection: socket.socket, method: str, deadline: _Deadline, broken: str) -> Answer:
    reader = Reader(method)
    kind, detail = Kind.ANSWERED, ""
    try:
        while not reader.finished():
            deadline.arm(connection)
            reader.feed(connection.recv(65_536))
    except TimeoutError:
        kind, detail = Kind.HUNG, "half an answer" if reader.status else ""
    except h11.RemoteProtocolError:
        kind, detail = reader.trouble()
    except OSError as error:
        kind, detail = Kind.CLOSED, broken or _words(error)
    return reader.answer(kind, detail, deadline.elapsed())


def _words(error: OSError) -> str:
    return {
        ConnectionRefusedError: "refused",
        ConnectionResetError: "reset",
        BrokenPipeError: "reset",
        socket.gaierror: "no such host",
    }.get(type(error), "network error")
