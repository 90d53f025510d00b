"""Kernels forked from one prepared process: a fork server, and the client that asks it.

    with fork_server(environ, preload=("helpers.notebook.session",)) as server:
        process = server.fork(command, cwd, environ)  # None: start it yourself

A kernel spends most of its start on importing what the kernel before it imported. The fork server
imports that once and forks, so each kernel is still a process of its own: it shares no state, and
a crash or a kill ends one kernel. Where there can be no fork server, kernels start the usual way.
Linux only: on other systems, system libraries start threads, and a process with threads must not
fork.

The server is `python -m helpers.run.fork_server`, with one end of a socket pair as its standard
input. Each message on it is a request and carries a socket for that kernel alone. On this socket
the child sends `began` and its process id once it has its own session, and the server sends
`ended` and the exit status. When the other end of the pair closes, the server kills every child
that is left. A server with more than one thread refuses to serve.

Why not `multiprocessing` with `set_forkserver_preload`? It is as fast: the demo audit takes 3.50 s
with it and 3.53 s with this (medians of seven alternating runs on two cores). It isolates less:

- A process has one fork server, which keeps the environment of its first use. A kernel of a later
  sandbox run can read an earlier run's secrets in `/proc/self/environ`.
- A fork that the system refuses ends the server, and with it every kernel of the run. Here, that
  kernel starts the usual way and the others continue.
- Each child runs the caller's main script again (as `__mp_main__`).
- It forks without checking for threads, and does not report a preload that could not be imported.
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
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.core.settings import VARIABLES

__all__ = ["ForkServer", "ForkedProcess", "fork_server", "kernel_environ"]

_NEEDED: Final = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "MPLBACKEND"),
    )
)
_FAMILIES: Final = ("LC_", "PYTHON", "XDG_", "JUPYTER_", "IPYTHON", "CONDA_", "SSL_", "RUNBOOK_")
_STORES: Final = ("AWS_", "VAULT_", "DBUS_SESSION_")  # what the stores of secrets read
_SETTINGS: Final = frozenset(
    name for variable in VARIABLES for name in (variable.name, *variable.aliases)
)
_LAUNCHER: Final = "ipykernel_launcher"
_TIMEOUT: Final = 30.0  # seconds for the server's imports and a fork
_UNKNOWN: Final = -signal.SIGKILL  # the status of a child whose server died before reporting it
_LARGEST: Final = 1 << 20  # bytes of a request; the kernel's limit for a message is smaller
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


def kernel_environ(extra: Mapping[str, str], *, secrets: bool) -> dict[str, str]:
    """What a kernel needs of this process's environment, and `extra`.

    Only with `secrets` it gets the variables that the runbook and its stores of secrets read, by
    their exact names. All others stay here, such as the keys of a CI job and secrets under names of
    a person's own: the redactor would not know those.

    The name of a JupyterLab session is left out: nobody answers a form in these kernels, even
    where the run was started from JupyterLab.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _NEEDED
        or name.startswith(_FAMILIES)
        or (secrets and (name in _SETTINGS or name.startswith(_STORES)))
    }
    return {**inherited, **extra}


# --- the client --------------------------------------------------------------------------------


class ForkedProcess:
    """A process that the fork server started, with the part of `subprocess.Popen` that is used."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._line = line
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        return self._status(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit status. Raises TimeoutExpired after `timeout` seconds."""
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
                    status = _number_after("ended", self._line)
                except (BlockingIOError, TimeoutError):
                    return None
                self.returncode = _UNKNOWN if status is None else status
                self._line.close()
            return self.returncode


class ForkServer:
    """Asks the fork server for kernels. Several threads may use it."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def fork(
        self, command: Sequence[str], cwd: str, environ: Mapping[str, str]
    ) -> ForkedProcess | None:
        """Start a kernel; None if `command` is no plain ipykernel or the server can't fork."""
        if list(command[:3]) != [sys.executable, "-m", _LAUNCHER]:
            return None
        request = {"arguments": command[3:], "cwd": cwd, "environ": dict(environ)}
        line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        line.settimeout(_TIMEOUT)
        try:
            with theirs:
                socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
            pid = _number_after("began", line)
        except OSError:
            pid = None
        if pid is None:
            line.close()
            return None
        return ForkedProcess(pid, line)


@contextmanager
def fork_server(
    environ: Mapping[str, str], preload: Sequence[str] = ()
) -> Iterator[ForkServer | None]:
    """Run a fork server that has imported `preload`; yields None where there can be none.

    Leaving ends the server and every kernel that it still has.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = _started(theirs, environ, preload) if sys.platform == "linux" else None
    if process is None:
        ours.close()
        theirs.close()
        yield None
        return
    with ours, process as server:
        try:
            yield ForkServer(ours)
        finally:
            ours.close()
            server.terminate()  # it reacts to this only while it is still importing


def _started(
    control: socket.socket, environ: Mapping[str, str], preload: Sequence[str]
) -> subprocess.Popen[bytes] | None:
    """Start the server in its own session, so that Ctrl-C reaches this process alone.

    None where this user may not start the interpreter or another process.
    """
    with control, suppress(OSError):
        return subprocess.Popen(  # noqa: S603 (this interpreter, this module)
            [sys.executable, "-m", "helpers.run.fork_server", *preload],
            cwd="/",
            env=environ,
            stdin=control.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    return None


def _number_after(word: str, line: socket.socket) -> int | None:
    """Receive `word` and a number; None for anything else, or the end of the line."""
    received, _, number = line.recv(64).decode().partition(" ")
    return int(number) if received == word else None


# --- the server --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Request:
    """The kernel to start: arguments of ipykernel's launcher, folder, environment."""

    arguments: tuple[str, ...]
    cwd: str
    environ: Mapping[str, str]

    def run_kernel(self) -> None:
        """Do what `python -m ipykernel_launcher` does; never returns."""
        from ipykernel import kernelapp

        launcher = importlib.util.find_spec(_LAUNCHER)
        parent = f"--IPKernelApp.parent_handle={os.getppid()}"  # it ends when its parent does
        sys.argv = [str(launcher and launcher.origin), *self.arguments, parent]
        kernelapp.launch_new_instance()


class _Server:
    """Forks until the control socket closes."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}

    def serve(self) -> _Request | None:
        """In a child, return the kernel to run; in the server, None at the end."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # only the control socket ends it
        with _child_exits() as exits, selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(exits, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if exits in ready:
                    exits.recv(4096)
                    self._reap()
                if self._control in ready:
                    message, lines, _, _ = socket.recv_fds(self._control, _LARGEST, 1)
                    if not lines:
                        break
                    request = self._fork(message, socket.socket(fileno=lines[0]))
                    if request:
                        return request
        self._kill()
        return None

    def _fork(self, message: bytes, line: socket.socket) -> _Request | None:
        """In the child, return the request. Where the system refuses a process, close the line."""
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
        request = _Request(**json.loads(message))
        with line:
            _isolate(request)
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
def _child_exits() -> Iterator[socket.socket]:
    """Yield a socket that becomes readable when a child has ended."""
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


def _isolate(request: _Request) -> None:
    """Take a session, folder and environment of its own, as a newly started process has."""
    os.setsid()
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.environ, JPY_PARENT_PID=str(os.getppid()))


def _control_socket() -> socket.socket:
    """Take the socket from standard input, which is empty from then on."""
    control = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return control


def _prepare(modules: list[str]) -> bool:
    """Import; True if a fork is safe. Imported objects are kept from the garbage collector."""
    gc.disable()  # imports make almost no garbage, and collecting takes a tenth of their time
    for name in (*_KERNEL, *modules):
        importlib.import_module(name)
    gc.freeze()
    gc.enable()
    return len(tuple(Path("/proc/self/task").iterdir())) == 1


def _main() -> None:
    """Import the modules named as arguments, then serve."""
    if Path(sys.path[0]) == Path.cwd():  # as ipykernel's launcher does
        del sys.path[0]
    with _control_socket() as control:
        request = _Server(control).serve() if _prepare(sys.argv[1:]) else None
    if request:
        request.run_kernel()
    os._exit(0)  # nothing to clean up, and unloading so many modules takes time


if __name__ == "__main__":
    _main()
