"""A correct receiver on loopback that hands over whatever arrives, refused or not.

It verifies the raw body before anything parses it, answers at once, and shows no error to a
caller. It acts on nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from helpers.core.errors import UsageError
from helpers.webhooks.delivery import ReceivedDelivery
from helpers.webhooks.signatures import Reason, SignatureVerdict, Verifier

__all__ = ["Listener", "Observer", "address", "listening", "serve"]

Observer = Callable[[ReceivedDelivery, SignatureVerdict], None]
_Message = Mapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[dict[str, Any]], Awaitable[None]]

_STATUS: Final = {Reason.GENUINE: 200, Reason.BODY_TOO_LARGE: 413}


class Listener:
    """The ASGI application. `observe` gets every complete POST and verdict before it answers."""

    def __init__(self, verifier: Verifier, observe: Observer) -> None:
        self._verifier = verifier
        self._observe = observe

    async def __call__(self, scope: Mapping[str, Any], receive: _Receive, send: _Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            await _answer(send, 200 if scope["method"] == "HEAD" else 405, "")
            return
        body = await _body(receive, self._verifier.max_body)
        if body is None:
            return
        delivery = _delivery(scope, body)
        verdict = self._verifier.verify(body, delivery.values(self._verifier.scheme.header))
        self._observe(delivery, verdict)
        await _answer(send, *_response_to(verdict, body))


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket on loopback; port 0 picks a free one. Raises UsageError if it is taken."""
    with _bound(port) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setblocking(False)  # noqa: FBT003 (the standard library's signature)
        yield listener


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError as error:
        raise UsageError(
            f"Port {port} can't be used: {os.strerror(error.errno or 0)}.",
            "Choose another with --port; 0 picks a free one.",
        ) from None


def address(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}/webhooks/intercom"


def serve(listener: socket.socket, application: Listener, finished: Callable[[], bool]) -> None:
    """Serve until `finished` returns True, checked every tenth of a second, or an interrupt."""
    from uvicorn.config import Config
    from uvicorn.server import Server

    class Quiet(Server):
        """Leaves signals to its caller."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Capture none."""
            yield

        async def on_tick(self, counter: int) -> bool:
            """Stop when finished."""
            return finished() or await super().on_tick(counter)

    config = Config(
        application,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    asyncio.run(Quiet(config).serve(sockets=[listener]))


async def _body(receive: _Receive, most: int) -> bytes | None:
    """The body, read only until it is known to be too large.

    None if the sender disconnected before the end: a partial body proves nothing.
    """
    body = b""
    while len(body) <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


def _delivery(scope: Mapping[str, Any], body: bytes) -> ReceivedDelivery:
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in scope["headers"]
    )
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    return ReceivedDelivery(scope["method"], f"{path}?{query}" if query else path, headers, body)


def _response_to(verdict: SignatureVerdict, body: bytes) -> tuple[int, str]:
    if not verdict:
        return _STATUS.get(verdict.reason, 401), verdict.reason
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return 400, "no JSON"
    return (200, "ok") if isinstance(document, dict) else (400, "no object")


async def _answer(send: _Send, status: int, text: str) -> None:
    content = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
