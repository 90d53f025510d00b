"""Kernels forked from a prepared process: each is a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from helpers.core.steps import SHARED
from helpers.run.fork_server import ForkedProcess, ForkServer, fork_server

LINUX = sys.platform == "linux"
pytestmark = pytest.mark.skipif(not LINUX, reason="kernels are forked on Linux only")
ENVIRON = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
SHOWN = """
import json, os
from pathlib import Path
seen = {
    "environ": dict(os.environ), "cwd": os.getcwd(), "pid": os.getpid(), "parent": os.getppid(),
    "session": os.getsid(0), "group": os.getpgid(0),
    "stdin": os.readlink("/proc/self/fd/0"),
    "held": [os.readlink(e) for e in Path("/proc/self/fd").iterdir() if os.path.islink(e)],
    "server": [os.readlink(e) for e in Path(f"/proc/{os.getppid()}/fd").iterdir()],
    "modules": "helpers.notebook.parameters" in __import__("sys").modules,
}
Path("seen.json").write_text(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with fork_server(
        {**ENVIRON, "OF_THE_SERVER": "1"}, preload=("helpers.notebook.parameters",)
    ) as started:
        assert started
        yield started


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[Any, Any]]]:
    """Start a kernel in the test's folder; it is shut down afterwards."""
    started = []

    def begin(server: ForkServer | None, **environ: str) -> tuple[Any, Any]:
        manager, client = start_new_kernel(
            fork_server=server, cwd=str(tmp_path), env={**ENVIRON, **environ}
        )
        started.append((manager, client))
        return manager, client

    yield begin
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def process_of(manager: Any) -> Any:
    return manager.provisioner.process


def gone(pid: int) -> bool:
    """Whether a process ends within five seconds. A zombie has ended."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_kernel_is_a_process_of_its_own_with_the_environment_it_was_given(
    server: ForkServer, start: Callable[..., tuple[Any, Any]], tmp_path: Path
):
    manager, client = start(server, OF_THE_KERNEL="2")
    assert isinstance(process_of(manager), ForkedProcess)
    client.execute_interactive(SHOWN, timeout=30)
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["modules"], "its imports are done"
    assert seen["pid"] == seen["session"] == seen["group"] == process_of(manager).pid
    assert seen["cwd"] == str(tmp_path)
    assert seen["environ"]["OF_THE_KERNEL"] == "2"
    assert "OF_THE_SERVER" not in seen["environ"]
    assert seen["stdin"] == os.devnull
    servers = {held for held in seen["server"] if held.startswith("socket:")}
    assert servers
    assert not servers & set(seen["held"]), "what is open in the server is not open here"


def test_kernels_share_nothing_that_one_of_them_changes(
    server: ForkServer, start: Callable[..., tuple[Any, Any]], tmp_path: Path
):
    change = (
        "import os, helpers.notebook.parameters as p; p.changed = os.environ['CHANGED'] = 'yes'"
    )
    _, first = start(server)
    first.execute_interactive(change, timeout=30)
    _, second = start(server)
    read = (
        "import os, helpers.notebook.parameters, pathlib; pathlib.Path('seen').write_text("
        "str('CHANGED' in os.environ or hasattr(helpers.notebook.parameters, 'changed')))"
    )
    second.execute_interactive(read, timeout=30)
    assert (tmp_path / "seen").read_text() == "False"


def test_kernel_behaves_like_one_that_was_started_the_usual_way(
    server: ForkServer, start: Callable[..., tuple[Any, Any]], tmp_path: Path
):
    code = (
        "import json, sys, pathlib; from IPython import get_ipython\n"
        "seen = [sys.argv[0], sys.path, sys.flags, sorted(globals()), type(get_ipython()).__name__,"
        " sys.modules['__main__'].__dict__ is globals(), __name__, In, sys.warnoptions]\n"
        "pathlib.Path(NAME).write_text(json.dumps(seen))"
    )
    names = ("kernel-forked", "kernel-started")  # part of no other path
    for name, how in zip(names, (server, None), strict=True):
        _, client = start(how)
        client.execute_interactive(code.replace("NAME", repr(name)), timeout=30)
    shown = [(tmp_path / name).read_text().replace(name, "") for name in names]
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("end", "status"),
    [("os._exit(3)", 3), ("os.kill(os.getpid(), 9)", -9), ("os.abort()", -signal.SIGABRT)],
)
def test_death_of_a_kernel_is_reported_with_its_status(
    server: ForkServer, start: Callable[..., tuple[Any, Any]], end: str, status: int
):
    manager, client = start(server)
    process = process_of(manager)
    assert process.poll() is None
    client.execute(f"import os; {end}")
    assert process.wait(timeout=10) == status
    assert process.poll() == status
    process.kill()  # has no effect once it has ended
    assert gone(process.pid)


def test_an_interrupted_kernel_continues(
    server: ForkServer, start: Callable[..., tuple[Any, Any]], tmp_path: Path
):
    manager, client = start(server)
    code = (
        "import pathlib, time\npathlib.Path('began').touch()\n"
        "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    pathlib.Path('heard').touch()"
    )
    client.execute(code)
    deadline = time.monotonic() + 20
    while not (tmp_path / "began").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    manager.interrupt_kernel()
    client.execute_interactive("1", timeout=20)
    assert (tmp_path / "heard").exists()


def test_a_command_that_is_no_plain_kernel_is_not_forked(server: ForkServer):
    assert server.fork([sys.executable, "-c", "pass"], "/", {}) is None
    assert server.fork(["ir", "-m", "ipykernel_launcher"], "/", {}) is None


def test_a_kernel_is_not_forked_into_a_missing_folder(server: ForkServer, tmp_path: Path):
    command = [sys.executable, "-m", "ipykernel_launcher"]
    assert server.fork(command, str(tmp_path / "missing"), ENVIRON) is None


def test_a_kernel_is_not_forked_with_an_environment_too_large_for_a_message(server: ForkServer):
    command = [sys.executable, "-m", "ipykernel_launcher"]
    assert server.fork(command, "/", {**ENVIRON, "LARGE": "x" * (1 << 20)}) is None


@pytest.mark.parametrize("module", ["tests.run.threaded", "tests.run.missing"])
def test_without_a_fork_server_kernels_start_the_usual_way(
    start: Callable[..., tuple[Any, Any]], module: str
):
    """A server with more than one thread must not fork; one that can't import ends."""
    with fork_server(ENVIRON, preload=(module,)) as refusing:
        manager, client = start(refusing)
        assert isinstance(process_of(manager), subprocess.Popen)
        client.execute_interactive("1", timeout=30)


def test_a_fork_that_the_system_refuses_leaves_the_other_kernels_alone(
    start: Callable[..., tuple[Any, Any]],
):
    with fork_server(ENVIRON, preload=("tests.run.second_fork_fails",)) as own:
        first, client = start(own)
        second, _ = start(own)
        third, _ = start(own)
        assert isinstance(process_of(first), ForkedProcess)
        assert isinstance(process_of(second), subprocess.Popen)
        assert isinstance(process_of(third), ForkedProcess)
        client.execute_interactive("1", timeout=30)


def test_the_modules_that_steps_share_can_be_preloaded(start: Callable[..., tuple[Any, Any]]):
    """Each exists, and none starts a thread; otherwise every audit would be slow, silently."""
    with fork_server(ENVIRON, preload=SHARED) as own:
        manager, _ = start(own)
        assert isinstance(process_of(manager), ForkedProcess)


def test_leaving_ends_the_remaining_kernels(start: Callable[..., tuple[Any, Any]]):
    with fork_server(ENVIRON) as own:
        manager, _ = start(own)
        process = process_of(manager)
        assert process.poll() is None
    assert process.wait(timeout=5) == -signal.SIGKILL
    assert gone(process.pid)


def test_death_of_the_server_ends_its_kernels_and_later_ones_start_the_usual_way(
    start: Callable[..., tuple[Any, Any]], tmp_path: Path
):
    with fork_server(ENVIRON) as own:
        manager, client = start(own)
        client.execute_interactive(SHOWN, timeout=30)
        server = json.loads((tmp_path / "seen.json").read_text())["parent"]
        os.kill(server, signal.SIGKILL)
        process = process_of(manager)
        assert process.wait(timeout=5) == -signal.SIGKILL
        assert gone(process.pid)
        manager, _ = start(own)
        assert isinstance(process_of(manager), subprocess.Popen)


OWNER = """
import os, sys, time
from helpers.run.fork_server import fork_server
with fork_server(dict(os.environ)) as server:
    command = [sys.executable, "-m", "ipykernel_launcher"]
    process = server.fork(command, sys.argv[1], dict(os.environ))
    print(process.pid, open(f"/proc/{process.pid}/stat").read().rpartition(")")[2].split()[1])
    sys.stdout.flush()
    time.sleep(60)
"""


def test_death_of_the_owner_ends_server_and_kernels(tmp_path: Path):
    environ = {**ENVIRON, "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as owner:
        assert owner.stdout is not None
        kernel, server = map(int, owner.stdout.readline().split())
        owner.kill()
    assert gone(kernel)
    assert gone(server)
