"""Serves a receiver on loopback: the sound one, or a mutant of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from helpers.webhooks.signatures import Scheme

SOUND = Path(__file__).with_name("sound.py")


class Server(ThreadingHTTPServer):
    """A server that a receiver can take down, as an uncaught error does elsewhere."""

    daemon_threads = True
    request_queue_size = 128

    def die(self) -> None:
        self.shutdown()
        self.server_close()

    def crash(self) -> None:
        self.die()
        raise SystemExit

    def finish_request(self, request: Any, client_address: Any) -> None:
        with suppress(SystemExit):
            super().finish_request(request, client_address)

    def handle_error(self, *_: Any) -> None:
        """A caller that goes away is no news."""


def mutated(source: str, changes: dict[str, str]) -> str:
    """The source with each of these texts replaced; every one must stand in it just once."""
    for old, new in changes.items():
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in the source"
        source = source.replace(old, new)
    return source


@contextmanager
def serve(
    changes: dict[str, str],
    scheme: Scheme,
    secret: str,
    kind: type[Server] = Server,
    *,
    old: str = "",
) -> Iterator[tuple[str, SimpleNamespace]]:
    """A receiver with these changes: its URL, and the module's names.

    A change may speak of OLD: the secret before this one, which the sound receiver does not know.
    """
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(mutated(SOUND.read_text(), changes), str(SOUND), "exec"), names)
    module = SimpleNamespace(**names)
    names |= {"SECRET": secret.encode(), "OLD": old.encode(), "HEADER": scheme.header}
    names |= {"PREFIX": scheme.prefix, "ALGORITHM": scheme.algorithm}
    server = kind(("127.0.0.1", 0), module.Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/webhooks", module
    finally:
        server.die()
        thread.join()
