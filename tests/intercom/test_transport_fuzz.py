"""Whatever a server sends, at whatever pace, a call ends in time, in memory and in our own words.

A real server on loopback writes what hypothesis invents: broken and whole status lines, headers,
chunks, packed and nested bodies, pauses, and an end that may not come. `RUNBOOK_FUZZ=20000` runs
that many examples instead of a few seconds' worth, and new ones each time.
"""

from __future__ import annotations

import gzip
import os
import socket
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from helpers.core.errors import CollectionError
from helpers.core.policy import Limits
from helpers.core.redaction import KNOWN
from helpers.intercom.client import Client
from tests.conftest import make_access_token

LONGER = os.environ.get("RUNBOOK_FUZZ", "")
LIMITS = Limits(call_seconds=1, list_seconds=2, megabytes=1, values=20_000, pages=3)
PATIENCE = 30  # seconds: a call that hangs does not end at all; a busy machine is only slow
MEMORY = 40_000_000  # bytes: some copies of one answer, whatever its packed size
TOKEN = make_access_token()
SINCE = datetime(2026, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Script:
    """What the server writes to each connection, with pauses in seconds, and how it ends."""

    pieces: tuple[bytes, ...]
    pause: float = 0.0
    end: str = "close"

    def play(self, connection: socket.socket) -> None:
        for piece in self.pieces:
            connection.sendall(piece)
            time.sleep(self.pause)
        if self.end == "reset":
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif self.end == "hang":
            connection.settimeout(PATIENCE)
            while connection.recv(65_536):  # until the client has had enough
                pass


@dataclass
class Server:
    """A server on loopback that plays one script at a time, to as many connections as come."""

    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    script: Script = Script(())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while b"\r\n\r\n" not in connection.recv(65_536):
                pass
            self.script.play(connection)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    server.listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    server.listener.close()


WORDS = st.sampled_from(
    [
        *(b"", b"0", b"-1", b"1", b"99999999999999999999", b"NaN", b"\xff\xfe", b"chunked"),
        *(b"gzip", b"deflate", b"br", b"identity", b"gzip, gzip", b"application/json", b"close"),
        *(b"text/html", b"http://127.0.0.1:9/", b"/me", b"keep-alive", b"1; 2", b"\t", b"utf-16"),
    ]
)
NAMES = st.sampled_from(
    [
        *(b"Content-Length", b"Transfer-Encoding", b"Content-Encoding", b"Content-Type", b"Date"),
        *(b"Retry-After", b"X-RateLimit-Remaining", b"X-RateLimit-Reset", b"X-Request-Id"),
        *(
            b"Location",
            b"Connection",
            b"Set-Cookie",
            b"Trailer",
            b"Upgrade",
            b" folded",
            b"A" * 300,
        ),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(1e999),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
BODIES = st.one_of(
    st.binary(max_size=2000),
    JSON.map(lambda value: repr(value).replace("'", '"').encode("utf-8", "replace")),
    st.sampled_from(
        [
            b'{"type":"admin","id":"1","app":{"id_code":"abc"}}',
            b'{"type":"admin.list","admins":[]}',
            b'{"type":"error.list","errors":[{"code":"rate_limit_exceeded"}]}',
            b'{"type":"error.list","errors":[{"code":' + b"[" * 500 + b"]" * 500 + b"}]}",
            b'{"type":"activity_log.list","activity_logs":[],"pages":{"page":1,"total_pages":9}}',
            b"[" * 100_000,
            b'{"a":' * 50_000,
            b'"' + b"\\ud800" * 50_000 + b'"',
            b"[" + b"0," * 200_000 + b"0]",
            b"9" * 100_000,
            TOKEN.encode(),
            b'{"type":"error.list","errors":[{"code":"' + TOKEN.encode() + b'"}]}',
            b"\xef\xbb\xbf{}",
            b" " * 3_000_000,
        ]
    ),
)
BOMB = gzip.compress(gzip.compress(b"[" * 30_000_000, mtime=0), mtime=0)


def packed(body: bytes) -> st.SearchStrategy[bytes]:
    return st.sampled_from([body, body, gzip.compress(body, mtime=0), zlib.compress(body), BOMB])


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> bytes:
    """A body in chunks, of which some lie about their size."""
    parts, place = [], 0
    for _ in range(draw(st.integers(0, 5))):
        size = draw(st.integers(0, max(len(body) - place, 1)))
        shown = draw(st.sampled_from([b"%x" % size, b"%x" % size, b"FFFFFFFFFFFF", b"-1", b"zz"]))
        extension = draw(st.sampled_from([b"", b"", b";x=" + b"y" * 500]))
        parts.append(shown + extension + b"\r\n" + body[place : place + size] + b"\r\n")
        place += size
    return b"".join([*parts, draw(st.sampled_from([b"0\r\n\r\n", b"0\r\nX: 1\r\n\r\n", b""]))])


def odd(draw: st.DrawFn, usual: bytes, *others: bytes) -> bytes:
    """The usual thing most of the time, so that most answers get further than their first line."""
    return draw(st.sampled_from([usual] * 9 * max(len(others) // 2, 1) + [*others]))


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """An answer of HTTP in which anything may be wrong."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=3000))
    status = draw(st.just(b"200") | st.integers(100, 599).map(lambda number: b"%d" % number))
    line = odd(draw, b"HTTP/1.1 ", b"HTTP/1.0 ", b"HTTP/9.9 ", b"ICY ")
    head = [line + status + odd(draw, b" OK", b"", b" \xff\x00")]
    head.append(b"Content-Type: " + odd(draw, b"application/json", b"text/html", b"\xff", b""))
    body = draw(draw(BODIES.map(packed)))
    more = draw(st.sampled_from([0, 0, 0, 1, 3]))
    head += [draw(NAMES) + odd(draw, b": ", b":", b" : ", b"") + draw(WORDS) for _ in range(more)]
    form = odd(draw, b"length", b"chunks", b"open", b"short", b"chunks")
    if form == b"chunks":
        head.append(b"Transfer-Encoding: chunked")
        body = draw(chunks(body))
    elif form != b"open":
        head.append(b"Content-Length: %d" % (len(body) + (5 if form == b"short" else 0)))
    if body.startswith((b"\x1f\x8b", b"x\x9c")):
        head.append(b"Content-Encoding: " + odd(draw, b"gzip", b"deflate", b"br", b"x"))
    end = odd(draw, b"\r\n", b"\n", b"\r")
    return end.join([*head, b"", b""]) + body


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    answer = draw(answers())
    cuts = sorted(draw(st.lists(st.integers(0, len(answer)), max_size=5)))
    places = zip([0, *cuts], [*cuts, len(answer)], strict=True)
    pieces = tuple(answer[start:end] for start, end in places)
    pause = draw(st.sampled_from([0.0, 0.0, 0.005, 0.05]))
    return Script(pieces, pause, draw(st.sampled_from(["close"] * 6 + ["reset", "reset", "hang"])))


CALLS: dict[str, Callable[[Client], object]] = {
    "GET /me": lambda client: client.me(),
    "GET /admins": lambda client: client.admins().read(),
    "/admins/activity_logs": lambda client: client.activity_logs(SINCE).read(),
    "GET /data_connectors": lambda client: client.data_connectors().read(),
}
USED_UP = b"HTTP/1.1 500 x\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: %d\r\nDate: %s\r\n\r\n"
LATER = datetime(2026, 2, 1, tzinfo=UTC)


ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 1_000_000


@pytest.mark.timeout(0 if LONGER else 120)
@example(Script((USED_UP % (LATER.timestamp() + 14, format_datetime(LATER).encode()),)), "GET /me")
@example(Script((b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000,), end="hang"), "GET /me")
@example(Script((b"HTTP/1.1 200 OK\r\n" + b"A: 1\r\n" * 200_000,), end="hang"), "GET /me")
@example(Script((ENDLESS,), end="hang"), "GET /me")
@given(script=scripts(), call=st.sampled_from(sorted(CALLS)))
@settings(
    max_examples=int(LONGER or 80),
    deadline=None,
    derandomize=not LONGER,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_a_server_sends_a_call_ends_with_an_answer_or_a_documented_error(
    server: Server, script: Script, call: str
) -> None:
    server.script = script
    tracemalloc.start()
    began = time.monotonic()
    error = error_of(call, server.url)
    taken, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < PATIENCE
    assert peak < MEMORY
    if error:
        assert call in error.message
        assert error.advice
        assert KNOWN.text(str(error)) == str(error), "no error repeats a token"


def error_of(call: str, url: str) -> CollectionError | None:
    """Make a call; any error but a documented one fails the test."""
    try:
        with Client(SecretStr(TOKEN), url, limits=LIMITS) as client:
            CALLS[call](client)
    except CollectionError as error:
        return error
    return None
