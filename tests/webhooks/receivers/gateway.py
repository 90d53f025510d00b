"""A reverse proxy before a receiver: it rewrites headers as proxies do, and may limit the rate."""

from __future__ import annotations

import http.client
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

LARGEST = 1_048_576  # bytes of a body, as nginx has it by default
WINDOW = 0.5  # seconds
OWN = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "host", "expect"}
AGES = 60  # seconds that an upstream may take


class Gateway(BaseHTTPRequestHandler):
    """Passes a request on with another framing and headers in another order and case."""

    protocol_version = "HTTP/1.1"
    server_version = "gateway"
    sys_version = ""
    timeout = AGES
    upstream: ClassVar[str]
    limit: ClassVar[int]  # requests in a window; none if 0
    recent: ClassVar[deque[float]]
    lock: ClassVar[threading.Lock]

    def forward(self) -> None:
        self.close_connection = True
        if self.is_over_the_limit():
            return self.respond(429, {}, b"slow down")
        body = self.read_body()
        if isinstance(body, int):
            return self.respond(body, {}, b"")
        connection = http.client.HTTPConnection(self.upstream, timeout=AGES)
        try:
            connection.request(self.command, self.path, body or None, self.rewritten(body))
            answer = connection.getresponse()
            return self.respond(answer.status, dict(answer.getheaders()), answer.read())
        except (OSError, http.client.HTTPException):
            return self.respond(502, {}, b"")
        finally:
            connection.close()

    do_GET = do_POST = do_PUT = do_PATCH = forward  # noqa: N815 (http.server's)
    do_DELETE = do_HEAD = do_OPTIONS = forward  # noqa: N815 (http.server's)

    def is_over_the_limit(self) -> bool:
        with self.lock:
            now = time.monotonic()
            while self.recent and self.recent[0] < now - WINDOW:
                self.recent.popleft()
            if self.limit and len(self.recent) >= self.limit:
                return True
            self.recent.append(now)
            return False

    def read_body(self) -> bytes | int:
        """The body, or the status that refuses the request."""
        lengths = self.headers.get_all("Content-Length", [])
        codings = self.headers.get_all("Transfer-Encoding", [])
        if len(lengths) + len(codings) > 1 or self.headers.get_payload():
            return 400
        if codings:
            return self.read_chunks() if codings[0].strip().lower() == "chunked" else 501
        text = lengths[0] if lengths else "0"
        if not text.isdecimal():
            return 400
        if int(text) > LARGEST:
            return 413
        body = self.rfile.read(int(text))
        return body if len(body) == int(text) else 400

    def read_chunks(self) -> bytes | int:
        body = b""
        try:
            while size := int(self.rfile.readline(100), 16):
                body += self.rfile.read(size)
                self.rfile.readline(100)
        except ValueError:
            return 400
        return body

    def rewritten(self, body: bytes) -> dict[str, str]:
        """The headers in lower case, sorted, equal ones joined, and the proxy's own."""
        joined: dict[str, str] = {}
        for name, value in sorted(self.headers.items(), key=lambda line: line[0].lower()):
            key = name.lower()
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
        kept = {name: value for name, value in joined.items() if name not in OWN}
        before = f"{kept['x-forwarded-for']}, " if "x-forwarded-for" in kept else ""
        own = {
            "x-forwarded-for": f"{before}203.0.113.7",
            "x-forwarded-proto": "https",
            "x-request-id": "2f0c7a",
            "via": "1.1 gateway",
            "host": "internal.example",
        }
        return {**kept, **own, "content-length": str(len(body))}

    def respond(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in OWN | {"date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A caller that goes away is no news."""


@contextmanager
def behind_gateway(url: str, *, limit: int = 0) -> Iterator[str]:
    """The receiver's URL behind a proxy of its own."""
    parts = urlsplit(url)
    names = {"upstream": parts.netloc, "limit": limit, "recent": deque(), "lock": threading.Lock()}
    with _Server(("127.0.0.1", 0), type("Running", (Gateway,), names)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{parts.path}"
        finally:
            server.shutdown()
            thread.join()
