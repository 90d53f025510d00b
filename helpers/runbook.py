"""A step as a notebook sees it: open, act, collect, show, judge, close.

Each call does one thing and answers with a view. `close` writes the snapshot, last, so that a
snapshot on disk means a step that ran to its end.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers import catalog
from helpers.choices import Choices
from helpers.context import Context
from helpers.demo import open_demo
from helpers.errors import UsageError
from helpers.files import write_private
from helpers.judge import judge
from helpers.model import Finding, Known, Snapshot, Unavailable
from helpers.policy import load_policy
from helpers.redaction import Redactor, redact_kernel
from helpers.settings import Profile, Settings, load_settings, profile_named, state_home
from helpers.steps import Step, step_named
from helpers.views.base import View, prose

__all__ = ["StepSession", "open_step"]


class StepSession:
    """One step of the runbook, open."""

    def __init__(
        self, step: Step, context: Context, closing: ExitStack, run_dir: Path | None = None
    ) -> None:
        self.step = step
        self.context = context
        self._closing = closing
        self._run_dir = run_dir
        self._snapshot: Snapshot[Any] | None = None

    @property
    def snapshot(self) -> Snapshot[Any]:
        """What was collected; collects when first asked for."""
        if self._snapshot is None:
            facts = self.step.load("collector")(self.context)
            self._snapshot = Snapshot[Any](
                step=self.step.name,
                profile=self.context.settings.profile,
                taken_at=self.context.clock(),
                facts=facts,
            )
        return self._snapshot

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every verdict of this step's checks."""
        snapshot = self.snapshot
        checks = catalog.load(self.step.name)
        return judge(snapshot, checks, self.context.policy, snapshot.taken_at)

    def calls(self) -> View:
        """The calls that this step may make, before any is made."""
        from helpers.views.calls import calls_of

        return calls_of(self.step.name)

    def act(self) -> View:
        """Do what this step does, if the policy allows it; the next `collect` sees the evidence."""
        if not self.step.act:
            raise UsageError(
                f"The step {self.step.name!r} has nothing to do.", "Leave this call out."
            )
        done = self.step.load("act")(self.context)
        self.context.evidence = done if isinstance(done, Unavailable) else Known(done)
        self._snapshot = None
        return prose(done.reason) if isinstance(done, Unavailable) else self._view("act")(done)

    def collect(self) -> View:
        """Read the world, and show an overview."""
        self._snapshot = None
        return self.show("overview")

    def show(self, name: str) -> View:
        """One of the step's views of the facts."""
        view: View = self._view(name)(self.snapshot.facts)
        return view

    def judge(self) -> View:
        """Judge what was collected, and show the verdicts."""
        from helpers.views.findings import findings_table

        return findings_table(self.findings)

    def close(self) -> View:
        """Write the snapshot into the run folder, if there is one, and let go of everything."""
        try:
            if self._run_dir:
                folder = self._run_dir / "snapshots"
                content = self.context.redactor.text(self.snapshot.model_dump_json(indent=2))
                write_private(folder / f"{self.step.name}.json", content)
        finally:
            self._closing.close()
        return prose(f"{self.step.title}: done.")

    def _view(self, name: str) -> Any:
        views = importlib.import_module(f"helpers.views.{self.step.name}")
        if name not in views.__all__:
            known = ", ".join(view for view in views.__all__ if view != "act")
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
        closing.callback(redact_kernel(context.redactor))
        return StepSession(step, context, closing, _folder(choices.run_dir))
    except BaseException:
        closing.close()
        raise


def open_context(workspace: str, choices: Choices, closing: ExitStack) -> Context:
    """The context of these choices; the sandbox profile gets a demo of its own."""
    profile = profile_named(choices.profile)
    if profile is Profile.SANDBOX:
        demo = open_demo(workspace, closing)
        settings, repo, state = demo.settings, demo.repo, demo.state
        clock, hub = demo.clock, demo.hub
    else:
        repo = _repository(choices)
        settings = load_settings(profile, repo, env_file=_folder(choices.env_file))
        state, clock, hub = state_home(profile), _utc_now, ""
    repo = _folder(choices.repo) or repo
    policy = load_policy(profile, _policy_file(choices, repo if not hub else None))
    return Context(settings, policy, _redactor(settings), repo, state, clock, hub=hub)


def _repository(choices: Choices) -> Path:
    from helpers.git import top_level

    here = Path.cwd()
    return _folder(choices.repo) or top_level(here) or here


def _policy_file(choices: Choices, repo: Path | None) -> Path | None:
    named = _folder(choices.policy)
    default = repo / "policy.toml" if repo else None
    return named or (default if default and default.is_file() else None)


def _folder(text: str) -> Path | None:
    return Path(text).expanduser().resolve() if text else None


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _redactor(settings: Settings) -> Redactor:
    """A redactor that knows every secret of every profile that this machine can see."""
    redactor = Redactor()
    for credential in (*settings.credentials(), *_others(settings)):
        redactor.register(credential.kind, credential.value.get_secret_value())
    return redactor


def _others(settings: Settings) -> Iterator[Any]:
    for profile in Profile:
        path = settings.project / f".env.{profile}"
        if path.is_file():
            yield from load_settings(
                profile, settings.project, environ={}, env_file=path
            ).credentials()
