"""Points at which a process is killed: round everything by which it touches the world.

A point is the moment before, in the middle of, or after: a write, an fsync, a rename, a removal, a
transaction of the ledger, a request to Intercom, to a store's server or to the keyring.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from helpers.rotation import ledger as ledger_module

LEDGER: Any = ledger_module
ORIGINAL_WRITING = LEDGER.writing
# how the libraries of the stores speak to their servers; only what is loaded is there to be armed
WIRES = (
    ("botocore.httpsession", "URLLib3Session", "send"),
    ("requests.adapters", "HTTPAdapter", "send"),
    ("keyring.backends.SecretService", "Keyring", "get_password"),
    ("keyring.backends.SecretService", "Keyring", "set_password"),
    ("keyring.backends.SecretService", "Keyring", "delete_password"),
)


class Bomb:
    """Counts points; at the one it is set to, the process is killed."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.seen = 0

    def tick(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.tick()
            result = function(*args, **kwargs)
            self.tick()
            return result

        return call

    def write(self, write: Callable[[int, Any], int]) -> Callable[[int, Any], int]:
        def call(descriptor: int, data: Any) -> int:
            self.tick()
            if len(data) > 1:
                write(descriptor, data[: len(data) // 2])
                self.tick()
                return len(data) // 2
            return write(descriptor, data)

        return call

    @contextmanager
    def writing(self, connection: Any) -> Iterator[Any]:
        self.tick()
        with ORIGINAL_WRITING(connection):
            yield connection
            self.tick()
        self.tick()

    def arm(self) -> None:
        """Put the bomb in place. Only ever in a forked child."""
        os.write = self.write(os.write)
        for name in ("fsync", "replace", "unlink", "pwrite"):
            setattr(os, name, self.around(getattr(os, name)))
        LEDGER.writing = self.writing
        self._wrap(httpx.HTTPTransport, "handle_request")
        for module, owner, method in WIRES:
            if module in sys.modules:
                self._wrap(getattr(sys.modules[module], owner), method)

    def _wrap(self, owner: Any, method: str) -> None:
        setattr(owner, method, self.around(getattr(owner, method)))


def in_child(work: Callable[[], None], at: int = 0) -> tuple[bool, int]:
    """Work in a forked child that is killed at point `at`; whether it was, and the points seen.

    Forked, so that a crash costs milliseconds; ended by SIGKILL, as `kill -9` does.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        bomb = Bomb(at)
        real_write, status = os.write, 1
        try:
            bomb.arm()
            work()
            status = 0
        finally:
            real_write(write, str(bomb.seen).encode())
            os._exit(status)
    os.close(write)
    _, ended = os.waitpid(pid, 0)
    with os.fdopen(read) as pipe:
        seen = int(pipe.read() or 0)
    killed = os.WIFSIGNALED(ended)
    assert killed or os.WEXITSTATUS(ended) == 0, f"the child failed at point {at}"
    return killed, seen
