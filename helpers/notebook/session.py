"""A step as a notebook sees it: open, act, collect, show, judge, close.

Each call does one thing and answers with a view. `close` writes the snapshot, last, so that a
snapshot on disk means a step that ran to its end.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from helpers.core import catalog
from helpers.core.commands import complete, complete_html
from helpers.core.context import Context
from helpers.core.errors import UsageError
from helpers.core.judge import judge
from helpers.core.model import Finding, Known, Snapshot, Unavailable
from helpers.core.redaction import KNOWN, redact_kernel
from helpers.core.steps import Step, step_named
from helpers.core.view import View, prose, stack
from helpers.notebook.confirmation import confirm_workspace
from helpers.notebook.context_factory import close_at_exit, open_context, path_of
from helpers.notebook.guide import StepState, auditing, progress, under
from helpers.notebook.live_view import LiveView
from helpers.notebook.parameters import Choices
from helpers.system.files import write_private

__all__ = ["StepSession", "open_step"]


class StepSession:
    """One step of the runbook, open."""

    def __init__(self, step: Step, context: Context, closing: ExitStack, choices: Choices) -> None:
        self.step = step
        self._context = context
        self._choices = choices
        self._opened_with = replace(choices)
        run_dir = path_of(choices.run_dir)
        self._closing = closing
        self._run_dir = run_dir
        self._snapshot: Snapshot[Any] | None = None
        self._confirmed = bool(run_dir)  # the audit has done it for all steps

    @property
    def context(self) -> Context:
        """The workspace that is chosen now: opened again if the form names another one.

        Raises ConfigurationError or UsageError for choices that can't be used.
        """
        if self._choices != self._opened_with:
            self._context = open_context(self.step.notebook, self._choices, self._closing)
            self._opened_with = replace(self._choices)
            self._snapshot, self._confirmed = None, False
        return self._context

    @property
    def snapshot(self) -> Snapshot[Any]:
        """What was collected; collects when first asked for."""
        context = self.context
        if self._snapshot is None:
            self._confirm()
            with self._bounded():
                facts = self.step.load("collector")(context)
            self._snapshot = Snapshot[Any](
                step=self.step.name,
                profile=self.context.settings.name,
                taken_at=self.context.clock(),
                facts=facts,
            )
        return self._snapshot

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every verdict of this step's checks."""
        return self._judged(self.snapshot)

    def calls(self) -> LiveView:
        """The calls that this step may make, before any is made."""
        from helpers.notebook.calls_view import calls_of

        _ = self.context  # of the choices of now
        return self._shown(calls_of(self.step.name), self.calls)

    def act(self) -> View:
        """Do what this step does, if the policy allows it; the next `collect` sees the evidence."""
        if not self.step.action:
            raise UsageError(f"The step {self.step.name!r} has no action.", "Remove this call.")
        self._confirm()
        with self._bounded():
            done = self.step.load("action")(self.context)
        self.context.evidence = done if isinstance(done, Unavailable) else Known(done)
        self._snapshot = None
        unavailable = isinstance(done, Unavailable)
        return self._shown(prose(done.reason) if unavailable else self._view("action")(done))

    def collect(self) -> View:
        """Read the world, and show an overview."""
        self._snapshot = None
        return self.show("overview")

    def update(self, **facts: Any) -> None:
        """Replace facts that a form has changed, without collecting the others again."""
        if self._snapshot:
            changed = self._snapshot.facts.model_copy(update=facts)
            self._snapshot = self._snapshot.model_copy(update={"facts": changed})

    def show(self, name: str) -> LiveView:
        """One of the step's views of the facts."""
        return self._shown(self._view(name)(self.snapshot.facts), lambda: self.show(name))

    def judge(self) -> LiveView:
        """Judge what was collected, and show the verdicts."""
        from helpers.report.views import verdicts_view

        return self._shown(verdicts_view(self.findings), self.judge)

    def close(self) -> View:
        """Write the snapshot into the run folder, if there is one, and close everything.

        In JupyterLab that waits for the end of the kernel.
        """
        try:
            self._save()
        finally:
            close_at_exit(self._closing)
        state = StepState.of(self._judged(self._snapshot)) if self._snapshot else StepState.NOT_RUN
        known = {self.step.notebook: state}
        done = stack(prose(f"{self.step.title}: done."), progress(self.step.notebook, known))
        return self._shown(done)

    def finish(self) -> None:
        """Do the same at once: for a step that nobody works with afterwards."""
        with self._closing:
            self._save()

    def _bounded(self) -> AbstractContextManager[None]:
        """The time that all calls to Intercom may take together."""
        from helpers.intercom.bounds import step_bounds  # heavy

        return step_bounds(self.context.policy.limits)

    def _confirm(self) -> None:
        """Stop before anything is read or done with the token of another workspace."""
        if not self._confirmed:
            confirm_workspace(self.context)
            self._confirmed = True

    def _judged(self, snapshot: Snapshot[Any]) -> tuple[Finding, ...]:
        checks = catalog.load(self.step.name)
        return judge(snapshot, checks, self._context.policy, snapshot.taken_at)

    def _shown(self, view: View, again: Callable[[], LiveView] | None = None) -> LiveView:
        """The view with what it is about; it says so when the choices change afterwards.

        `again` makes it anew, for the choices of then. What changes something has none: a person
        runs its cell.
        """
        pasteable = View(Markup(complete_html(view.html)), complete(view.text))  # noqa: S704 (ours)
        labelled = under(auditing(self._context), pasteable)
        return LiveView(labelled, self._choices, self._opened_with, again)

    def _save(self) -> None:
        if self._run_dir:
            folder = self._run_dir / "snapshots"
            content = KNOWN.text(self.snapshot.model_dump_json(indent=2))
            write_private(folder / f"{self.step.name}.json", content)

    def _view(self, name: str) -> Any:
        views = importlib.import_module(f"helpers.{self.step.name}.views")
        if name not in views.__all__:
            known = ", ".join(view for view in views.__all__ if view != "action")
            raise UsageError(f"There is no view {name!r} here.", f"The views are: {known}.")
        return getattr(views, name)


def open_step(name: str, choices: Choices) -> StepSession:
    """Open a step with a notebook's choices. In a kernel, the redactor is put in place first.

    Raises ConfigurationError or UsageError, each with its advice, for choices that can't be used.
    """
    step = step_named(name)
    closing = ExitStack()
    try:
        context = open_context(step.notebook, choices, closing)
        closing.callback(redact_kernel(KNOWN))
        return StepSession(step, context, closing, choices)
    except BaseException:
        closing.close()
        raise
