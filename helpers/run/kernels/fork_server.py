"""This side of the zygote: start it, ask it for kernels, watch them and signal them.

    with fork_server(environ, preload=("helpers.notebook.session",)) as server:
        process = server.fork(command, cwd, environ)  # None: start it yourself

Linux only: elsewhere system libraries start threads behind Python's back, and a process with
threads must not be forked.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

__all__ = ["ForkServer", "Forked", "fork_server"]

_LAUNCHER: Final = ["-m", "ipykernel_launcher"]
_ZYGOTE: Final = "helpers.run.kernels.zygote"
_PATIENCE: Final = 30.0  # seconds for the zygote's imports, and a fork
_UNKNOWN: Final = -signal.SIGKILL  # the status of a child whose zygote is gone and can't tell


class Forked:
    """A process that the zygote forked, with what callers of `subprocess.Popen` use of one."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._line = line
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._status(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once there is one. Raises TimeoutExpired after `timeout` seconds."""
        status = self._status(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _status(self, timeout: float | None) -> int | None:
        with self._lock:
            if self.returncode is None:
                self._line.settimeout(timeout)
                try:
                    status = _told(self._line, "ended")
                except (BlockingIOError, TimeoutError):
                    return None
                self.returncode = _UNKNOWN if status is None else status
                self._line.close()
            return self.returncode


class ForkServer:
    """Asks the zygote for kernels. May be used from several threads."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def fork(self, command: Sequence[str], cwd: str, environ: Mapping[str, str]) -> Forked | None:
        """Start a kernel; None where this is no plain ipykernel, or the zygote is not able to."""
        if list(command[:3]) != [sys.executable, *_LAUNCHER]:
            return None
        request = {"arguments": command[3:], "cwd": cwd, "environ": dict(environ)}
        line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        line.settimeout(_PATIENCE)
        try:
            with theirs:
                socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
            pid = _told(line, "began")
        except OSError:
            pid = None
        if pid is None:
            line.close()
            return None
        return Forked(pid, line)


@contextmanager
def fork_server(
    environ: Mapping[str, str], preload: Sequence[str] = ()
) -> Iterator[ForkServer | None]:
    """Run a zygote that has imported `preload`. Leaving ends it, and every kernel it still has.

    Gives None where there can be no zygote: kernels then start as ever.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = _zygote(theirs, environ, preload) if sys.platform == "linux" else None
    if process is None:
        ours.close()
        theirs.close()
        yield None
        return
    with ours, process as zygote:
        try:
            yield ForkServer(ours)
        finally:
            ours.close()
            zygote.terminate()  # it listens to this only while it is still importing


def _zygote(
    control: socket.socket, environ: Mapping[str, str], preload: Sequence[str]
) -> subprocess.Popen[bytes] | None:
    """In a session of its own, so that Ctrl-C is for this process alone to handle.

    None where this user may not start the interpreter, or no process more.
    """
    with control, suppress(OSError):
        return subprocess.Popen(  # noqa: S603 (this very interpreter, our own module)
            [sys.executable, "-m", _ZYGOTE, *preload],
            cwd="/",
            env=environ,
            stdin=control.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    return None


def _told(line: socket.socket, word: str) -> int | None:
    """The number that follows the word; None where something else, or nothing, is said."""
    said, _, number = line.recv(64).decode().partition(" ")
    return int(number) if said == word else None
