from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import nbformat
import pytest

from helpers.core.redaction import Redactor
from helpers.run import execution
from helpers.run.execution import Batch, Common, Job, NotebookResult, execute
from helpers.run.fork_server import kernel_environ
from tests.conftest import make_access_token
from tests.notebooks import notebook


class Watcher:
    """Remembers what it was called with."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.began = threading.Event()

    def started(self, job: Job) -> None:
        self.events.append(f"started {job.name}")

    def cell(self, job: Job, number: int, total: int) -> None:
        self.events.append(f"cell {number}/{total}")
        if number == total:
            self.began.set()

    def finished(self, result: NotebookResult) -> None:
        self.events.append(f"finished {result.job.name}")


def run(tmp_path: Path, *cells: str, secret: str = "", cell_seconds: int = 60, **parameters: str):
    """One notebook; its result, the text that reached the disk, and the observer."""
    redactor = Redactor()
    if secret:
        redactor.register("client_secret", secret)
    job = Job(
        "one", notebook(tmp_path / "one.ipynb", *cells), tmp_path / "out" / "one.ipynb", parameters
    )
    watcher = Watcher()
    with patch.dict(os.environ):
        # under this variable ipykernel leaves out what is written past Python's streams
        del os.environ["PYTEST_CURRENT_TEST"]
        (result,) = execute(
            [job],
            workers=1,
            redactor=redactor,
            environ={},
            observer=watcher,
            cell_seconds=cell_seconds,
        )
    return result, job.output.read_text(), watcher


def test_notebook_that_runs_through_has_no_error_and_its_progress_is_reported(tmp_path: Path):
    result, text, watcher = run(tmp_path, "1 + 1")
    assert result.error == ""
    assert '"2"' in text
    assert watcher.events == ["started one", "cell 1/2", "cell 2/2", "finished one"]


LEAKS = {
    "printed": "print({secret})",
    "printed in two halves": "import sys; sys.stdout.write({secret}[:20]); sys.stdout.flush(); "
    "import time; time.sleep(0.1); sys.stdout.write({secret}[20:])",
    "as a value": "{secret}",
    "as HTML": "from IPython.display import HTML; HTML('<b>' + {secret} + '</b>')",
    "from the operating system": "import os; os.system('echo ' + {secret})",
    "past Python's streams": "import os; os.write(1, {secret}.encode())",
    "in a traceback": "raise ValueError({secret})",
    "in colours": "print(''.join(c + chr(27) + '[31m' for c in {secret}))",
    "in base64": "import base64; print(base64.b64encode(('user:' + {secret}).encode()).decode())",
    "in the metadata of a display": "from IPython.display import display; "
    "display('x', metadata={{'text/plain': {{'a': {secret}}}}})",
}


@pytest.mark.parametrize("way", LEAKS, ids=str)
def test_secret_that_a_cell_prints_does_not_reach_the_disk(
    tmp_path: Path, way: str, capfd: pytest.CaptureFixture[str]
):
    secret = "canary/" + make_access_token()[10:50]
    (tmp_path / "secret").write_text(secret)
    read = f"open({str(tmp_path / 'secret')!r}).read()"
    _, text, _ = run(tmp_path, LEAKS[way].format(secret=read), secret=secret)
    assert not list(leaks_of(secret, text)), text
    assert "[redacted client_secret" in text
    shown = capfd.readouterr()
    assert secret not in shown.out + shown.err


def leaks_of(secret: str, text: str):
    redactor = Redactor()
    redactor.register("client_secret", secret)
    yield from redactor.leaks(text.encode())


def test_secret_in_a_parameter_or_in_the_source_is_redacted_as_well(tmp_path: Path):
    secret = "canary-" + make_access_token()[10:50]
    _, text, _ = run(tmp_path, f"x = {secret!r}", secret=secret, profile=secret)
    assert secret not in text
    assert text.count("[redacted client_secret") >= 2


def test_unregistered_access_token_is_redacted_by_its_shape(tmp_path: Path):
    token = make_access_token()
    _, text, _ = run(tmp_path, f"print({token[:10]!r} + {token[10:]!r})")
    assert token not in text
    assert "[redacted access_token" in text


def test_cell_that_raises_is_reported_in_one_line_and_earlier_output_is_kept(tmp_path: Path):
    result, text, _ = run(tmp_path, "print('before')", "1/0", "print('after')")
    assert result.error == "ZeroDivisionError: division by zero"
    assert "before\\n" in text
    assert '"after\\n"' not in text


def test_dead_kernel_is_an_error_though_papermill_calls_it_completed(tmp_path: Path):
    result, text, _ = run(tmp_path, "import os; os._exit(3)")
    assert "died" in result.error.lower()
    nbformat.reads(text, as_version=4)


def test_cell_that_takes_too_long_is_an_error(tmp_path: Path):
    result, _, _ = run(tmp_path, "import time; time.sleep(60)", cell_seconds=1)
    assert "timeout" in result.error.lower() or "timed out" in result.error.lower()


def test_failing_notebook_leaves_the_others_running(tmp_path: Path):
    jobs = [
        Job(
            name, notebook(tmp_path / f"{name}.ipynb", cell), tmp_path / "out" / f"{name}.ipynb", {}
        )
        for name, cell in (("bad", "1/0"), ("good", "print('fine')"))
    ]
    results = execute(jobs, workers=2, redactor=Redactor(), environ={}, observer=Watcher())
    assert [bool(result.error) for result in results] == [True, False]


INTERRUPTED = """
import sys, threading, os, signal
from pathlib import Path
from unittest.mock import patch
from helpers.run.execution import execute, Job
from helpers.core.redaction import Redactor
from tests.run.test_execution import Watcher
out = Path(sys.argv[1])
names = ("quick", "slow")
quick, slow = (Job(n, out / f"{n}.ipynb", out / "out" / f"{n}.ipynb", {}) for n in names)
class Interrupter(Watcher):
    def finished(self, result):
        if result.job.name == "quick":
            os.kill(os.getpid(), signal.SIGINT)
jobs = [quick, slow]
for result in execute(jobs, workers=2, redactor=Redactor(), environ={}, observer=Interrupter()):
    print(result.job.name, result.error or "done")
"""


def test_interrupted_run_keeps_what_is_finished_and_leaves_no_kernel(tmp_path: Path):
    notebook(tmp_path / "quick.ipynb", "1")
    notebook(tmp_path / "slow.ipynb", "import os, time", "print(os.getpid()); time.sleep(600)")
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["quick done", "slow interrupted"]
    nbformat.read(tmp_path / "out" / "slow.ipynb", as_version=4)
    assert not _kernels_of(tmp_path)


def _kernels_of(folder: Path) -> list[int]:
    """Kernels whose working directory is the test's own folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder and process.name != str(os.getpid()):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_run_stopped_while_a_kernel_starts_is_reported_as_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The kernel has no process yet that could be ended, so the notebook itself must stop."""
    stopped = property(lambda _: True, lambda *_: None)
    monkeypatch.setattr(execution._Running, "stopped", stopped, raising=False)
    result, text, watcher = run(tmp_path, "print('ran')")
    assert result.error == "interrupted"
    assert '"ran\\n"' not in text
    assert watcher.events == ["started one", "finished one"]


def test_run_stopped_between_start_and_first_cell_runs_no_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = iter((False, True, True, True))
    stopped = property(lambda _: next(asked), lambda *_: None)
    monkeypatch.setattr(execution._Running, "stopped", stopped, raising=False)
    result, text, _ = run(tmp_path, "print('ran')")
    assert result.error == "interrupted"
    assert '"ran\\n"' not in text


def _held(tmp_path: Path, watcher: Watcher) -> Batch:
    path = notebook(tmp_path / "one.ipynb", "from pathlib import Path; Path('ran').touch()")
    job = Job("one", path, tmp_path / "out" / "one.ipynb", {})
    return Batch([job], Common(Redactor(), {}, watcher), workers=1, held=True)


def test_held_notebook_has_its_kernel_and_runs_no_cell_before_its_result_is_asked_for(
    tmp_path: Path,
):
    watcher = Watcher()
    with _held(tmp_path, watcher) as batch:
        _until(lambda: _kernels_of(tmp_path))
        assert not (tmp_path / "ran").exists()
        assert watcher.events == ["started one"]
        (result,) = batch.results()
    assert result.error == ""
    assert (tmp_path / "ran").exists()


def test_held_notebook_that_is_never_asked_for_leaves_no_kernel_and_ran_nothing(tmp_path: Path):
    with _held(tmp_path, Watcher()):
        _until(lambda: _kernels_of(tmp_path))
    assert not (tmp_path / "ran").exists()
    assert not _kernels_of(tmp_path)


def _until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_kernels_of_the_sandbox_inherit_no_real_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", "made-up")
    monkeypatch.setenv("FIN_AGENT_WEBHOOK_SECRET", "made-up")
    monkeypatch.setenv("TZ", "UTC")
    inherited = kernel_environ({"EXTRA": "2"}, secrets=False)
    assert "INTERCOM_ACCESS_TOKEN" not in inherited
    assert "FIN_AGENT_WEBHOOK_SECRET" not in inherited
    assert (inherited["TZ"], inherited["EXTRA"]) == ("UTC", "2")
    assert "INTERCOM_ACCESS_TOKEN" in kernel_environ({}, secrets=True)


def test_kernels_inherit_nothing_that_the_runbook_does_not_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CI_JOB_TOKEN", "of another program")
    monkeypatch.setenv("GITHUB_TOKEN", "of another program")
    for secrets in (False, True):
        assert not {"CI_JOB_TOKEN", "GITHUB_TOKEN"} & kernel_environ({}, secrets=secrets).keys()


@pytest.mark.parametrize("name", ["OUR_BOT_TOKEN", "INTERCOM_TOKEN_OF_OURS", "FIN_AGENT_KEY"])
def test_a_secret_under_a_name_of_ones_own_reaches_no_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    secret = make_access_token()
    monkeypatch.setenv(name, secret)
    assert name not in kernel_environ({}, secrets=True)
    cell = "import os; print([n for n in os.environ if 'OUR' in n or 'AGENT' in n])"
    result, text, _ = run(tmp_path, cell)
    assert not result.error
    assert "[]" in text
    assert name not in text
    assert secret not in text


def test_kernels_of_a_run_started_in_jupyterlab_have_no_person_to_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/01_environment_setup.ipynb")
    assert "JPY_SESSION_NAME" not in kernel_environ({}, secrets=True)
