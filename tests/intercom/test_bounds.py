"""Servers without an end: whatever they do, a call ends with a sentence that names the limit."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Lock

import httpx
import pytest
from pydantic import SecretStr

from helpers.core.errors import CollectionError, UnreachableError, UnreadableAnswerError
from helpers.core.policy import Limits
from helpers.intercom.bounds import step_bounds
from helpers.intercom.client import Client
from helpers.intercom.pace import Pace
from tests.intercom.conftest import client_of

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
OPEN = HEAD + b"\r\n"  # a body without a length, until the connection closes
ME = b'{"type":"admin","id":"1","app":{"id_code":"abc"}}'


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on loopback whose every answer is what a function writes to the socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.recv(65_536)
                        answer(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def drip(start: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(0.05)

    return answer


def endless(connection: socket.socket) -> None:
    connection.sendall(OPEN + b'{"admins":[')
    while True:
        connection.sendall(b'"x",' * 65_536)


def bomb(connection: socket.socket) -> None:
    packer = zlib.compressobj(wbits=31)
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\n\r\n")
    while True:
        connection.sendall(packer.compress(b"[" * 10_000_000))


@pytest.mark.parametrize(
    "answer",
    [drip(OPEN, b" "), drip(HEAD, b"X"), drip(HEAD, b"X: 1\r\n"), drip(b"", b"H")],
    ids=["body", "one header", "headers", "status line"],
)
def test_a_server_that_drips_is_given_up(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as url:
        client = Client(SecretStr("not-a-token"), url, limits=Limits(call_seconds=1))
        with client, pytest.raises(CollectionError) as caught:
            client.me()
    assert "GET /me" in caught.value.message


def test_a_slow_call_names_its_limit() -> None:
    with serving(drip(OPEN, b" ")) as url:
        client = Client(SecretStr("not-a-token"), url, limits=Limits(call_seconds=1))
        with client, pytest.raises(UnreachableError, match=r"within 1 s \(`limits.call_seconds`"):
            client.me()


@pytest.mark.parametrize("answer", [endless, bomb])
def test_a_body_without_end_is_dropped_at_the_limit(
    answer: Callable[[socket.socket], None],
) -> None:
    with serving(answer) as url:
        client = Client(SecretStr("not-a-token"), url, limits=Limits(megabytes=8))
        with client, pytest.raises(UnreadableAnswerError, match=r"8 MB \(`limits.megabytes`"):
            client.admins().read()


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", b"not gzip"),
        ("br", ME),
        ("gzip, gzip", gzip.compress(gzip.compress(ME))),
        ("\xff", ME),
    ],
    ids=["broken gzip", "brotli", "gzip twice", "no name"],
)
def test_a_body_packed_in_another_way_is_not_read(encoding: str, content: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        head = HEAD + b"Content-Encoding: " + encoding.encode("latin-1")
        connection.sendall(head + f"\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)

    with (
        serving(answer) as url,
        Client(SecretStr("not-a-token"), url) as client,
        pytest.raises(UnreadableAnswerError, match="packed"),
    ):
        client.me()


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_packed_answer_is_unpacked(pack: Callable[[bytes], bytes]) -> None:
    def answer(connection: socket.socket) -> None:
        packed = pack(ME)
        head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
        connection.sendall(head + packed)

    with serving(answer) as url, Client(SecretStr("not-a-token"), url) as client:
        assert client.me().id == "1"


def test_a_rate_limit_without_end_ends_with_the_call() -> None:
    def limited(_: httpx.Request) -> httpx.Response:
        now = int(time.time())
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(now + 14)}
        return httpx.Response(429, headers=headers)

    with pytest.raises(UnreachableError, match="call_seconds"):
        client_of(limited, limits=Limits(call_seconds=1)).me()


@pytest.mark.parametrize("value", ["9" * 5000, "-1", "1e9", "²", "NaN", ""])
def test_odd_numbers_in_headers_are_as_if_absent(value: str) -> None:
    headers = {
        b"X-RateLimit-Remaining": value.encode("latin-1"),
        b"X-RateLimit-Reset": value.encode("latin-1"),
        b"Date": b"Mon, 01 Jan 99999999999 00:00:00 GMT",
    }
    pace = Pace(sleep=lambda _: pytest.fail("nothing to wait for"))
    pace.observe(httpx.Response(200, headers=headers))
    assert pace.remaining is None
    pace.hold()


def test_a_call_ends_with_its_step() -> None:
    def slow(_: httpx.Request) -> httpx.Response:
        time.sleep(1.1)
        return httpx.Response(503)

    client = client_of(slow, limits=Limits(step_seconds=1))
    with (
        step_bounds(client.limits),
        pytest.raises(UnreachableError, match=r"1 s \(`limits\.step_seconds` in policy\.toml"),
    ):
        client.me()


def test_no_call_begins_after_its_step_and_the_next_step_has_time_again() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=ME, headers={"Content-Type": "application/json"})

    client = client_of(answer, limits=Limits(step_seconds=1))
    with step_bounds(client.limits):
        time.sleep(1.05)
        with pytest.raises(UnreachableError, match="step_seconds"):
            client.me()
        with ThreadPoolExecutor(1) as pool, pytest.raises(UnreachableError, match="step_seconds"):
            pool.submit(client.me).result()
    assert not asked
    assert client.me().id == "1"


def test_large_answers_are_read_one_at_a_time() -> None:
    """As many as there are threads, of which each holds megabytes, would be too many."""
    reading, most = 0, 0
    lock = Lock()

    class Body(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            nonlocal reading, most
            yield b" " * 1_000_001
            with lock:
                reading += 1
                most = max(most, reading)
            time.sleep(0.05)
            with lock:
                reading -= 1
            yield ME

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "application/json"}, stream=Body())

    client = client_of(answer)
    with ThreadPoolExecutor(4) as pool:
        assert [me.id for me in pool.map(lambda _: client.me(), range(8))] == ["1"] * 8
    assert most == 1
