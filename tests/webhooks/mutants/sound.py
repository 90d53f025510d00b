"""A sound receiver, as a team would write it on Python's own server. Every mutant is made of it.

A defect replaces lines of this file, so it says one thing a line. It shares no code with what tries
it: the two must be able to disagree.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

SECRET = b""  # filled in by who serves it, as are the three that tell the scheme
HEADER = "X-Hub-Signature"
PREFIX = "sha1="
ALGORITHM = "sha1"
LARGEST = 1_000_000
SEEN: set[bytes] = set()
ACTED_UPON: list[str] = []
LOCK = threading.Lock()


class RefusedError(Exception):
    """Says which answer a request gets."""


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "receiver"
    sys_version = ""
    timeout = 10

    def do_POST(self) -> None:
        try:
            status, text = self.delivery()
        except RefusedError as refused:
            status, text = refused.args
        except Exception:  # noqa: BLE001 (as frameworks do)
            status, text = 500, "error"
        self.answer(status, text)

    def do_HEAD(self) -> None:
        self.answer(200, "")

    def another_verb(self) -> None:
        self.answer(405, "")

    do_PUT = another_verb  # noqa: N815 (http.server's)
    do_PATCH = another_verb  # noqa: N815 (http.server's)
    do_DELETE = another_verb  # noqa: N815 (http.server's)
    do_GET = another_verb  # noqa: N815 (http.server's)
    do_OPTIONS = another_verb  # noqa: N815 (http.server's)

    def delivery(self) -> tuple[int, str]:
        body = self.read_body()
        if not self.is_genuine(body):
            raise RefusedError(401, "bad signature")
        return self.process(body)

    def read_body(self) -> bytes:
        lengths = self.headers.get_all("Content-Length", [])
        if self.headers.get("Transfer-Encoding"):
            if lengths:
                raise RefusedError(400, "two lengths")
            return self.read_chunks()
        if len(lengths) != 1 or not lengths[0].isdecimal():
            raise RefusedError(400, "no clear length")
        size = int(lengths[0])
        if size > LARGEST:
            raise RefusedError(413, "too large")
        return self.rfile.read(size)

    def read_chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(100), 16):
            body += self.rfile.read(size)
            self.rfile.readline(100)
        return body

    def is_genuine(self, body: bytes) -> bool:
        claims = self.headers.get_all(HEADER, [])
        if len(claims) != 1:
            return False
        claimed = claims[0].encode("latin-1")
        expected = self.signature(body)
        return hmac.compare_digest(claimed, expected)

    def signature(self, body: bytes) -> bytes:
        digest = hmac.new(SECRET, body, ALGORITHM).hexdigest()
        return (PREFIX + digest).encode()

    def process(self, body: bytes) -> tuple[int, str]:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise RefusedError(400, "not JSON") from None
        if not isinstance(document, dict):
            raise RefusedError(400, "not an object")
        key = hashlib.sha256(body).digest()
        with LOCK:
            seen = key in SEEN
            SEEN.add(key)
        if seen:
            return 200, "seen before"
        self.act_upon(document)
        return 200, "thanks"

    def act_upon(self, document: dict[str, Any]) -> None:
        ACTED_UPON.append(str(document.get("id")))

    def answer(self, status: int, text: str) -> None:
        content = text.encode()
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Be quiet."""
