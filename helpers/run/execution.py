"""Headless execution: notebooks run on papermill, in parallel, and no secret reaches the disk.

papermill sets parameters, runs and saves. Our engine stands between the kernel and the disk and
redacts every message and every save of the notebook. A step is complete only if papermill raised
nothing and the step wrote its snapshot, which it does last: papermill's own metadata show a dead
kernel and a cell that ran out of time as completed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from helpers.core.redaction import Redactor
from helpers.notebook.sandbox_profile import SANDBOX_URL
from helpers.run.fork_server import kernel_environ

if TYPE_CHECKING:
    from helpers.run.fork_server import ForkServer

__all__ = ["Batch", "Common", "Job", "NotebookResult", "Observer", "close_event_loop", "execute"]

_CELL_SECONDS: Final = 300
_START_SECONDS: Final = 60


@dataclass(frozen=True)
class Job:
    """One notebook to run: where it is, where its executed copy goes, and its parameters."""

    name: str
    notebook: Path
    output: Path
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class NotebookResult:
    """How a notebook ended. An empty `error` means that every cell ran."""

    job: Job
    error: str = ""


class Observer(Protocol):
    """Follows a run; this module itself never prints."""

    def started(self, job: Job) -> None:
        """Called when a kernel starts for this notebook."""

    def cell(self, job: Job, number: int, total: int) -> None:
        """Called before a cell runs."""

    def finished(self, result: NotebookResult) -> None:
        """Called when the notebook has ended."""


def execute(
    jobs: Sequence[Job],
    *,
    workers: int,
    redactor: Redactor,
    environ: Mapping[str, str],
    observer: Observer,
    fork_server: ForkServer | None = None,
    cell_seconds: int = _CELL_SECONDS,
) -> list[NotebookResult]:
    """Run notebooks in parallel; if one fails, the others continue.

    Kernels are forked from `fork_server` if there is one. See `Batch.results`.
    """
    common = Common(redactor, environ, observer, fork_server, cell_seconds)
    with Batch(jobs, common, workers=workers) as batch:
        return batch.results()


@dataclass(frozen=True)
class Common:
    """What all notebooks of a run share."""

    redactor: Redactor
    environ: Mapping[str, str]
    observer: Observer
    fork_server: ForkServer | None = None
    cell_seconds: int = _CELL_SECONDS


class Batch:
    """Runs notebooks, each in a thread of its own, from the moment it is made.

    With `held`, the kernels start, but no cell runs before `begin` or `results`. Leaving ends
    every remaining kernel.
    """

    def __init__(
        self, jobs: Sequence[Job], common: Common, *, workers: int, held: bool = False
    ) -> None:
        _warm_up()
        self._running = _Running(held=held)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="notebook")
        self._futures = {self._pool.submit(_run, job, common, self._running): job for job in jobs}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._running.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def begin(self) -> None:
        """Start running cells."""
        self._running.begin()

    def results(self) -> list[NotebookResult]:
        """Wait for the notebooks, and return one result for each job.

        On KeyboardInterrupt the kernels are ended. Finished notebooks are kept, and the others are
        reported as interrupted.
        """
        self.begin()
        try:
            _drain(set(self._futures))
        except KeyboardInterrupt:
            self._running.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        return [_result(future, job) for future, job in self._futures.items()]


def _drain(pending: set[Future[NotebookResult]]) -> None:
    """Wait in short steps, so that a signal is seen at once."""
    while pending:
        _, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)


def _result(future: Future[NotebookResult], job: Job) -> NotebookResult:
    if future.cancelled():
        return NotebookResult(job, "interrupted before it started")
    return future.result()


class _Running:
    """The kernels that are alive, so that an interrupted run ends these and no others."""

    def __init__(self, *, held: bool = False) -> None:
        self.stopped = False
        self.clients: set[Any] = set()
        self._may_begin = Event()
        if not held:
            self.begin()

    def begin(self) -> None:
        """Start running cells."""
        self._may_begin.set()

    def raise_if_stopped(self) -> None:
        """Raise InterruptedError, in the notebook's own thread, if the run was stopped."""
        if self.stopped:
            raise InterruptedError("interrupted")

    def wait_for_turn(self) -> None:
        """Wait until cells may run. Raises InterruptedError if the run was stopped."""
        self._may_begin.wait()
        self.raise_if_stopped()

    def stop(self) -> None:
        """Kill every kernel."""
        self.stopped = True
        self.begin()
        for client in tuple(self.clients):
            process = getattr(getattr(client.km, "provisioner", None), "process", None)
            if process is not None:
                process.kill()


def _warm_up() -> None:
    """Import papermill once, before the threads need it, and silence its log."""
    import papermill.execute  # noqa: F401

    from helpers.run.provisioner import use_private_sockets

    use_private_sockets()
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)


def _run(job: Job, common: Common, running: _Running) -> NotebookResult:
    common.observer.started(job)
    try:
        _papermill(job, common, running)
        result = NotebookResult(job)
    except Exception as error:  # noqa: BLE001 (one step must not end the others)
        message = common.redactor.text(_first_line(error))
        result = NotebookResult(job, "interrupted" if running.stopped else message)
    finally:
        close_event_loop()
    common.observer.finished(result)
    return result


def close_event_loop() -> None:
    """Close the event loop that jupyter_client opens in each thread that waits for a kernel."""
    from jupyter_core.utils import ensure_event_loop

    ensure_event_loop().close()


def _papermill(job: Job, common: Common, running: _Running) -> None:
    from papermill.execute import execute_notebook
    from traitlets.config import Config

    from helpers.run.engine import ENGINE

    execute_notebook(
        str(job.notebook),
        str(job.output),
        parameters=dict(job.parameters),
        engine_name=ENGINE,
        progress_bar=False,
        execution_timeout=common.cell_seconds,
        start_timeout=_START_SECONDS,
        autosave_cell_every=0,
        # the rest is passed on to our engine
        redactor=common.redactor,
        on_cell=lambda number, total: common.observer.cell(job, number, total),
        running=running,
        kernel_environ=kernel_environ(common.environ, secrets=SANDBOX_URL not in common.environ),
        fork_server=common.fork_server,
        config=Config({"KernelManager": {"transport_encryption": "required"}}),
        resources={"metadata": {"path": str(job.notebook.parent)}},
    )


def _first_line(error: Exception) -> str:
    """The first line of an error that may carry a whole traceback."""
    name = getattr(error, "ename", "") or type(error).__name__
    value = str(getattr(error, "evalue", "") or error).strip()
    return f"{name}: {value.partition(chr(10))[0]}"
