"""Start the sandbox: uvicorn in a thread of this process, with an event loop of its own."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import FrameType
from typing import Any

from uvicorn.config import Config
from uvicorn.server import Server

from helpers.sandbox.app import LocalIntercom
from helpers.sandbox.clock import DEMO_NOW
from helpers.sandbox.limits import RateLimit
from helpers.sandbox.seeding import make_workspace
from helpers.sandbox.workspace import Behaviours, SandboxWorkspace

__all__ = ["Sandbox", "address", "application", "listen", "serve", "start"]

_KEEP_ALIVE = 75  # seconds; longer than a reader pauses between two cells


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    url: str
    intercom: LocalIntercom
    server: Server

    def stop(self) -> None:
        """Begin to stop; leaving the context waits for the end."""
        self.server.should_exit = True

    def base_url(self, workspace: str) -> str:
        """The API of the workspace with that name."""
        return f"{self.url}/w/{workspace}"

    def hub(self, workspace: str = "default") -> str:
        """The developer hub of a workspace (test-only: Intercom has no such API)."""
        return f"{self.base_url(workspace)}/_hub"


@contextmanager
def start(
    port: int = 0, *, clock: datetime | None = DEMO_NOW, rate_limit: RateLimit | None = None
) -> Iterator[Sandbox]:
    """Run the sandbox on loopback while the context lasts. Port 0 picks a free port.

    Clocks stand at `clock`; with None they start at the current time and run. Raises OSError if the
    port is taken.
    """
    intercom = application(clock, rate_limit)
    with listen(port) as listener:
        server = _server(intercom)
        thread = threading.Thread(target=_run, args=(server, listener), daemon=True)
        thread.start()
        try:
            # the socket listens already, so there is no need to wait for the thread
            yield Sandbox(address(listener), intercom, server)
        finally:
            server.should_exit = True
            thread.join()


def application(
    clock: datetime | None = DEMO_NOW,
    rate_limit: RateLimit | None = None,
    behaviours: Behaviours | None = None,
) -> LocalIntercom:
    """The ASGI application with no workspace yet; each one starts with these behaviours."""
    made = partial(make_workspace, clock=clock, rate_limit=rate_limit)

    def make(**choices: Any) -> SandboxWorkspace:
        # a copy for each, so that the hub of one does not change the others
        return made(**choices, behaviours=replace(behaviours or Behaviours()))

    return LocalIntercom(make)


def listen(port: int) -> socket.socket:
    """A listening socket on loopback."""
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    # asyncio sets it for sockets whose protocol is named, which create_server's is not; without it
    # each answer of head and body waits 40 ms for the client's acknowledgement
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return listener


def address(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def serve(listener: socket.socket, intercom: LocalIntercom) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; both are a clean end."""
    server = _server(intercom)

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _run(server, listener)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(Server):
    """uvicorn's server, which leaves signals to its caller."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _server(intercom: LocalIntercom) -> Server:
    config = Config(
        intercom,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,  # answers carry the workspace's own clock
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=1,
    )
    # Do all imports here. In the thread they could wait forever on an import lock that an interrupt
    # of this thread in the middle of an import left locked.
    config.load()
    return _Server(config)


def _run(server: Server, listener: socket.socket) -> None:
    asyncio.run(server.serve(sockets=[listener]))
