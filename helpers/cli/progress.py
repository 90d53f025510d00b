"""Live progress: a line a notebook on a terminal, a line when each ends elsewhere (cron, CI)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import click

from helpers.cli.output import unguarded
from helpers.run.execution import Job, NotebookResult, Observer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["watching"]


@contextmanager
def watching(*, quiet: bool = False) -> Iterator[Observer]:
    """An observer that suits where standard error goes; with `quiet` it says nothing."""
    if quiet:
        yield QuietObserver()
        return
    if not sys.stderr.isatty():
        yield PlainObserver()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<26}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    bars = Progress(
        *columns,
        console=Console(file=unguarded(sys.stderr)),
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bars as progress:
        yield LiveObserver(progress)


class QuietObserver:
    """Nothing at all."""

    def started(self, job: Job) -> None:
        """Say nothing."""

    def cell(self, job: Job, number: int, total: int) -> None:
        """Say nothing."""

    def finished(self, result: NotebookResult) -> None:
        """Say nothing."""


class PlainObserver(QuietObserver):
    """One line when a notebook has ended: a log wants results."""

    def finished(self, result: NotebookResult) -> None:
        """Say how it ended."""
        click.echo(f"{result.job.name}: {result.error or 'done'}", err=True)


class LiveObserver:
    """A bar a notebook, with the cell that is running."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._lock = Lock()

    def started(self, job: Job) -> None:
        """Add a bar."""
        with self._lock:
            self._tasks[job.name] = self._progress.add_task(job.name, total=None, state="starting")

    def cell(self, job: Job, number: int, total: int) -> None:
        """Move it."""
        task, state = self._tasks[job.name], f"cell {number} of {total}"
        self._progress.update(task, completed=number - 1, total=total, state=state)

    def finished(self, result: NotebookResult) -> None:
        """Fill it, or say why not."""
        task = self._tasks[result.job.name]
        total = self._progress.tasks[task].total or 1
        done = None if result.error else total
        state = "failed" if result.error else "done"
        self._progress.update(task, completed=done, total=total, state=state)
        self._progress.stop_task(task)
