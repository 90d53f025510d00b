"""Receivers that do not behave like servers: each a function of the connection and the request."""

from __future__ import annotations

import hashlib
import hmac
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[["Odd", socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
DRIPS = 3_000  # bytes, a hundredth of a second each: what a patient caller would get to see
PIECES = 3_000  # of tens of KB each: far more than any buffer takes


@dataclass
class Odd:
    """A server whose every connection is handled by `behaviour`, in a thread of its own.

    With a secret, genuine deliveries are accepted as usual, and only the rest is treated oddly.
    `given_up` counts the callers that closed before an endless answer came to its end.
    """

    behaviour: Behaviour
    secret: bytes = b""
    port: int = 0
    connections: int = 0
    given_up: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    handlers: list[threading.Thread] = field(default_factory=list)
    listener: socket.socket = field(init=False)

    def listen(self) -> None:
        """Start, or start again on the same port."""
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self.listener,), daemon=True).start()

    def die(self) -> None:
        """Stop listening at once: a shutdown wakes the thread that accepts."""
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/"

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            handler = threading.Thread(target=self._handle, args=(connection,), daemon=True)
            self.handlers.append(handler)
            handler.start()

    def settle(self) -> None:
        """Wait until every connection has been handled."""
        for handler in self.handlers:
            handler.join()

    def _handle(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head, body = _request(connection)
            if self.secret and _signed(head, body, self.secret):
                connection.sendall(OK)
            else:
                self.behaviour(self, connection)


@contextmanager
def odd(behaviour: Behaviour, secret: str = "") -> Iterator[Odd]:
    """Serve until the block ends; whoever still hangs is let go."""
    server = Odd(behaviour, secret.encode())
    server.listen()
    try:
        yield server
    finally:
        server.over.set()
        server.die()
        server.settle()


def hangs(server: Odd, _: socket.socket) -> None:
    server.over.wait()


def closes(_: Odd, connection: socket.socket) -> None:
    """Without a byte."""


def resets(_: Odd, connection: socket.socket) -> None:
    """With RST in place of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def is_late(seconds: float) -> Behaviour:
    """Refuses everything, but takes its time."""

    def answers_late(server: Odd, connection: socket.socket) -> None:
        server.over.wait(seconds)
        connection.sendall(
            b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )

    return answers_late


def closes_halfway(_: Odd, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def babbles(_: Odd, connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.com ESMTP\r\n")


def speaks_tls(_: Odd, connection: socket.socket) -> None:
    connection.sendall(b"\x15\x03\x01\x00\x02\x02\x16")


def redirects(_: Odd, connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: /login?next=1\r\nContent-Length: 0\r\n\r\n"
    )


def is_old(_: Odd, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nthanks")


def dies(server: Odd, _: socket.socket) -> None:
    server.die()


def dies_after_answering(server: Odd, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
    server.die()


def drips_a_head(server: Odd, connection: socket.socket) -> None:
    _drip(server, connection, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * DRIPS)


def drips_a_body(server: Odd, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % DRIPS)
    _drip(server, connection, b"x" * DRIPS)


def goes_on(server: Odd, connection: socket.socket) -> None:
    """A body without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    _pour(server, connection, b"x" * 65_536)


def goes_on_with_headers(server: Odd, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    _pour(server, connection, b"X-More: yes\r\n" * 5_000)


def says_continue(server: Odd, connection: socket.socket) -> None:
    """Interim answers without an end."""
    _pour(server, connection, b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000)


def _drip(server: Odd, connection: socket.socket, text: bytes) -> None:
    try:
        for byte in text:
            connection.sendall(bytes([byte]))
            if server.over.wait(0.01):
                return
    except OSError:
        server.given_up += 1


def _pour(server: Odd, connection: socket.socket, piece: bytes) -> None:
    try:
        for _ in range(PIECES):
            connection.sendall(piece)
    except OSError:
        server.given_up += 1


def _request(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of a request that tells its length, which a genuine one here does."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionResetError
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.split(b"\r\n") if line[:15] == b"Content-Length:"]
    length = int(lengths[0]) if lengths and lengths[0].strip().isdigit() else 0
    while len(body) < length and (piece := connection.recv(65_536)):
        body += piece
    return head, body


def _signed(head: bytes, body: bytes, secret: bytes) -> bool:
    right = b"sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest().encode()
    return b"X-Hub-Signature: " + right in head.split(b"\r\n")
