"""Two sample webhook receivers on loopback, one sound and one flawed, for the verification test.

They are written as a team would write them, on the standard library's HTTP server, and share no
code with `helpers.webhooks`: the receivers and the test must be able to disagree.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

__all__ = ["FlawedReceiver", "Receivers", "SoundReceiver", "start_receivers"]

_LARGEST: Final = 1_000_000  # bytes of a body
_LINE: Final = 100  # bytes of the line with a chunk's size


@dataclass(frozen=True)
class Receivers:
    """Where the two listen."""

    sound_url: str
    flawed_url: str


class _Receiver(BaseHTTPRequestHandler):
    """What both have in common: reading a body and writing an answer."""

    secret: ClassVar[bytes] = b""
    protocol_version = "HTTP/1.1"
    server_version = "sample"
    sys_version = ""
    timeout = 10

    def answer(self, status: int, text: str = "") -> None:
        """Send the response and close: unread bytes must not be parsed as a request."""
        content = text.encode()
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def read_body(self) -> bytes | None:
        """The raw body, or None if it is larger than any delivery or its length is unclear."""
        lengths = self.headers.get_all("Content-Length", [])
        if self.headers.get("Transfer-Encoding"):
            return None if lengths else self._chunks()
        text = lengths[0] if len(lengths) == 1 else "0"
        if not text.isdecimal() or len(lengths) > 1 or int(text) > _LARGEST:
            return None
        return self.rfile.read(int(text))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Log nothing."""

    def _chunks(self) -> bytes | None:
        body = b""
        while size := int(self.rfile.readline(_LINE).split(b";")[0] or b"0", 16):
            if len(body) + size > _LARGEST:
                return None
            body += self.rfile.read(size)
            self.rfile.readline(_LINE)
        return body


class SoundReceiver(_Receiver):
    """Verifies the raw body first, whatever the method or content type, and does no more."""

    def do_POST(self) -> None:
        """A delivery."""
        try:
            body = self.read_body()
        except ValueError:
            return self.answer(400, "bad request")
        if body is None:
            return self.answer(413, "too large")
        if not self._genuine(body):
            return self.answer(401, "bad signature")
        return self.answer(*self._handled(body))

    def do_HEAD(self) -> None:
        """Intercom asks whether the address is there."""
        self.answer(200)

    def _refuse_method(self) -> None:
        self.answer(405, "POST only")

    do_GET = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse_method  # noqa: N815 (http.server's)

    def _genuine(self, body: bytes) -> bool:
        claims = self.headers.get_all("X-Hub-Signature", [])
        if len(claims) != 1:
            return False
        expected = "sha1=" + hmac.new(self.secret, body, hashlib.sha1).hexdigest()
        claimed = claims[0].encode("utf-8", "surrogateescape")
        return hmac.compare_digest(expected.encode(), claimed)

    def _handled(self, body: bytes) -> tuple[int, str]:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return 400, "not JSON"
        if not isinstance(document, dict):
            return 400, "not an object"
        return 200, "ok"


class FlawedReceiver(_Receiver):
    """Five mistakes that published receivers make, in one.

    It verifies only where a signature was sent, over JSON that it serialised again, splits the
    header without validating it, takes the algorithm from it, and shows its errors to everybody.
    """

    def do_POST(self) -> None:
        """A delivery."""
        try:
            self.answer(*self._handled())
        except Exception:  # noqa: BLE001 (the mistake: the caller gets to see it)
            self.answer(500, traceback.format_exc(limit=1))

    def do_HEAD(self) -> None:
        """Intercom asks whether the address is there."""
        self.answer(200)

    def _refuse_method(self) -> None:
        self.answer(405)

    do_GET = do_PUT = do_PATCH = do_DELETE = _refuse_method  # noqa: N815 (http.server's)

    def _handled(self) -> tuple[int, str]:
        body = self.read_body()
        if body is None:
            return 413, "too large"
        document = json.loads(body)
        claimed = self.headers.get("X-Hub-Signature")
        if claimed and not self._matches(document, claimed):
            return 401, "bad signature"
        return 200, f"{document['topic']} received"

    def _matches(self, document: Any, claimed: str) -> bool:
        algorithm, digest = claimed.split("=")
        again = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        return hmac.new(self.secret, again, algorithm).hexdigest() == digest


@contextmanager
def start_receivers(client_secret: str) -> Iterator[Receivers]:
    """Serve both until the block ends, each on a free port of loopback."""
    with (
        _serve(SoundReceiver, client_secret) as sound,
        _serve(FlawedReceiver, client_secret) as bad,
    ):
        yield Receivers(sound, bad)


@contextmanager
def _serve(receiver: type[_Receiver], client_secret: str) -> Iterator[str]:
    handler = type(receiver.__name__, (receiver,), {"secret": client_secret.encode()})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    ending = sys.is_finalizing  # a reference: module globals are gone at interpreter exit
    try:
        yield f"http://127.0.0.1:{server.server_port}/webhooks/intercom"
    finally:
        # A block that was never left is closed when the interpreter exits. By then the thread is
        # frozen, and waiting for it would hang.
        if not ending():
            server.shutdown()
            thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore callers that disconnect."""
