"""The prepared process: it imports what kernels need, and forks one for each request.

Started by `fork_server` with one end of a socket pair as its standard input. Each message on it is
a request, and brings a *line*: a socket for that kernel alone. On the line the child says `began`
with its process id, when it stands in a session of its own, and the zygote `ended` with the exit
status. When the other end of the pair is gone, every child that is left is killed.

A fork is safe only where a process has one thread. Libraries may start some of their own accord, so
they are counted, and with more than one the zygote refuses to serve.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Request", "Zygote", "main"]

_KERNEL: Final = (  # what ipykernel imports while it starts
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.extensions.storemagic",
    "encodings.idna",
    "encodings.latin_1",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
)
_LAUNCHER: Final = "ipykernel_launcher"
_LARGEST: Final = 1 << 20  # bytes of a request; a message of the kernel's own limit is smaller


@dataclass(frozen=True)
class Request:
    """What to become: the arguments of ipykernel's launcher, the folder, the environment."""

    arguments: tuple[str, ...]
    cwd: str
    environ: Mapping[str, str]

    def become(self) -> None:
        """Do what `python -m ipykernel_launcher` does; never comes back."""
        from ipykernel import kernelapp

        launcher = importlib.util.find_spec(_LAUNCHER)
        watched = f"--IPKernelApp.parent_handle={os.getppid()}"  # without its parent it must end
        sys.argv = [str(launcher and launcher.origin), *self.arguments, watched]
        kernelapp.launch_new_instance()


class Zygote:
    """Forks until the control socket ends."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}

    def serve(self) -> Request | None:
        """In a child, what it is to become. In the zygote itself, None when all is over."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the end of the control socket is the end
        with _endings() as ended, selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(ended, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if ended in ready:
                    ended.recv(4096)
                    self._reap()
                if self._control in ready:
                    asked, lines, _, _ = socket.recv_fds(self._control, _LARGEST, 1)
                    if not lines:
                        break
                    request = self._fork(asked, socket.socket(fileno=lines[0]))
                    if request:
                        return request
        self._kill()
        return None

    def _fork(self, asked: bytes, line: socket.socket) -> Request | None:
        """In the child, the request. Where the system allows no more processes, the line ends."""
        try:
            child = os.fork()
        except OSError:
            line.close()
            return None
        if child:
            self._children[child] = line
            return None
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for held in (self._control, *self._children.values()):
            held.close()
        request = Request(**json.loads(asked))
        with line:
            _stand_alone(request)
            line.send(b"began %d" % os.getpid())
        return request

    def _reap(self) -> None:
        for child in tuple(self._children):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                with self._children.pop(child) as line, suppress(OSError):
                    line.send(b"ended %d" % os.waitstatus_to_exitcode(status))

    def _kill(self) -> None:
        for child in self._children:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)


@contextmanager
def _endings() -> Iterator[socket.socket]:
    """A socket that can be read when a child has ended."""
    here, there = socket.socketpair()
    with here, there:
        there.setblocking(False)  # noqa: FBT003 (its signature)
        wakeup = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
        handler = signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            yield here
        finally:
            signal.signal(signal.SIGCHLD, handler)
            signal.set_wakeup_fd(wakeup)


def _stand_alone(request: Request) -> None:
    """Be what a start from nothing would have made: own session, folder and environment."""
    os.setsid()
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.environ, JPY_PARENT_PID=str(os.getppid()))


def _control() -> socket.socket:
    """The socket that stands in for standard input, which kernels get to see empty."""
    control = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return control


def _prepare(modules: list[str]) -> bool:
    """Import; whether a fork is safe now. What is shared is kept from the garbage collector."""
    gc.disable()  # imports make no garbage to speak of, and looking for it takes a tenth of them
    for name in (*_KERNEL, *modules):
        importlib.import_module(name)
    gc.freeze()
    gc.enable()
    return len(tuple(Path("/proc/self/task").iterdir())) == 1


def main() -> None:
    """Import the modules that are named as arguments, then serve."""
    if Path(sys.path[0]) == Path.cwd():  # as ipykernel's launcher does
        del sys.path[0]
    with _control() as control:
        request = Zygote(control).serve() if _prepare(sys.argv[1:]) else None
    if request:
        request.become()
    os._exit(0)  # there is nothing to tidy, and to take so many modules down takes a while


if __name__ == "__main__":
    main()
