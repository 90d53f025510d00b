"""A whole audit: run the notebooks, judge what they saved, write the reports.

    start folder ─▶ 00 to 07 in parallel ─▶ judge ─▶ results.json ─▶ 08 and the other reports
                 ─▶ leak check ─▶ manifest, final name ─▶ history

The kernel of 08 starts with the others and waits for the results.

After a failed step, a dead kernel or an interruption, the other steps keep their results and the
report says what is missing. The folder gets its final name last, so a run that died never appears
complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from contextlib import closing as closed_after
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Final

from helpers.core.errors import LeakError
from helpers.core.exit_status import Threshold, exit_status
from helpers.core.model import Report, Subject
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, Workspace, state_home
from helpers.core.steps import STEPS, step_named
from helpers.core.workspaces import workspace_named
from helpers.notebook.context_factory import (
    path_of,
    policy_of,
    redactor_of,
    settings_of,
    target_of,
    usual_policy_of,
    waivers_of,
)
from helpers.notebook.parameters import Choices
from helpers.notebook.sandbox_profile import SANDBOX_URL, demo_secrets
from helpers.report import history
from helpers.report.build import build_report, tool_version
from helpers.report.folder import finish_run, prune_runs, run_name, start_run
from helpers.report.judging_inputs import JudgingInputs
from helpers.report.writers import FORMATS, write_reports
from helpers.run.execution import Batch, Common, Job, NotebookResult, Observer
from helpers.run.fork_server import ForkServer
from helpers.run.identity import confirmed_subject, history_line
from helpers.run.recording import recorded_run
from helpers.run.subject import with_period, with_workspace
from helpers.system.lock import lock_profile
from helpers.system.state import open_state
from helpers.system.temporary import owned_folder, remove_abandoned

if TYPE_CHECKING:
    from helpers.sandbox import Sandbox

__all__ = ["INTERRUPTED", "AuditRequest", "AuditResult", "audit"]

NOTEBOOKS: Final = Path(__file__).resolve().parents[2] / "notebooks"
FIRST: Final = "00_start_here"
LAST: Final = "09_security_checklist"
INTERRUPTED: Final = 130
_FOLDERS: Final = ("runbook-kernel-*", "runbook-demos-*", "runbook-demo-*", "runbook-checklist-*")
_MARGIN: Final = 60  # seconds
_MEMORY: Final = "/dev/shm"  # noqa: S108 (a folder of our own in it)


@dataclass(frozen=True)
class AuditRequest:
    """What to audit, and how. `wait` is in seconds; `keep` 0 keeps every run.

    With `only_new` the exit status leaves out what the run before had as well.
    """

    choices: Choices
    out: Path
    steps: tuple[str, ...] = tuple(step.name for step in STEPS)
    fail_on: Threshold = "never"
    only_new: bool = False
    jobs: int = 8
    keep: int = 0
    wait: float = 0.0


@dataclass(frozen=True)
class AuditResult:
    """The run's folder, its report and its exit status."""

    folder: Path
    report: Report
    status: int
    failed: tuple[NotebookResult, ...] = ()


@dataclass
class _Run:
    """A run in progress."""

    request: AuditRequest
    workspace: Workspace
    folder: Path
    started: datetime
    common: Common
    sandbox: Sandbox | None
    results: list[NotebookResult] = field(default_factory=list)

    def batch(self, *names: str, held: bool = False) -> Batch:
        """Start running these notebooks."""
        jobs = [self._job(name) for name in names]
        return Batch(jobs, self.common, workers=self.request.jobs, held=held)

    def _job(self, name: str) -> Job:
        choices = self.request.choices
        parameters = {
            "profile": choices.profile,
            "env_file": _absolute(choices.env_file),
            "repo": _absolute(choices.repo),
            "policy": _absolute(choices.policy),
            "run_dir": str(self.folder),
        }
        output = self.folder / "notebooks" / f"{name}.ipynb"
        return Job(name, NOTEBOOKS / f"{name}.ipynb", output, parameters)


def audit(
    request: AuditRequest,
    observer: Observer,
    forks: ForkServer | None = None,
    announce: Callable[[Subject], None] = lambda _subject: None,
) -> AuditResult:
    """Run an audit, with kernels from `forks` if there is a fork server.

    `announce` is called once with what is audited, before the first notebook starts.

    Raises ConfigurationError or UsageError before anything runs, LockedError if another run holds
    the profile, and LeakError if a file of the run contained a secret.
    """
    steps = tuple(step_named(name).name for name in request.steps)
    with ExitStack() as closing:
        run, inputs = _begin(replace(request, steps=steps), observer, forks, closing)
        if inputs.subject:
            announce(inputs.subject)
        name = run_name(run.started, run.workspace.name)
        recorded = closing.enter_context(
            recorded_run(state_home(run.workspace), run.workspace.name, name, steps)
        )
        notebooks = (FIRST, *(step_named(name).notebook for name in steps))
        with run.batch(*notebooks) as batch, run.batch(LAST, held=True) as last:
            run.results += batch.results()
            if run.sandbox:
                run.sandbox.stop()  # the last notebook makes no calls
            note = recorded.finished(failed=sum(bool(one.error) for one in run.results))
            seen = inputs.subject and with_workspace(inputs.subject, run.folder)
            subject = seen and with_period(seen, run.folder)
            known = {"reasons": _reasons(run), "notes": (note,), "subject": subject}
            return _finish(run, inputs.model_copy(update=known), last)


def _begin(
    request: AuditRequest, observer: Observer, forks: ForkServer | None, closing: ExitStack
) -> tuple[_Run, JudgingInputs]:
    """Check and refuse everything that can be refused before a kernel starts."""
    workspace = workspace_named(request.choices.profile)
    demo = workspace.environment is Profile.SANDBOX
    started = datetime.now(UTC).replace(microsecond=0)
    policy, waivers = policy_of(request.choices), waivers_of(request.choices)
    redactor = _redactor(request.choices, demo=demo)
    closing.enter_context(lock_profile(state_home(workspace), wait=request.wait))
    subject = confirmed_subject(request.choices, request.steps, policy)
    _remove_abandoned()
    folder = start_run(request.out, run_name(started, workspace.name))
    sandbox, environ = _demo(closing) if demo else (None, _own_variables(workspace))
    inputs = JudgingInputs(
        profile=workspace.name,
        generated_at=started,
        tool_version=tool_version(),
        policy=policy,
        usual_policy=usual_policy_of(request.choices),
        waivers=waivers,
        steps=request.steps,
        subject=subject,
        target=target_of(request.choices),
    )
    # a step ends its own calls first, with a sentence
    cell_seconds = max(Common.cell_seconds, policy.limits.step_seconds + _MARGIN)
    common = Common(redactor, environ, observer, forks, cell_seconds)
    return _Run(request, workspace, folder, started, common, sandbox), inputs


def _finish(run: _Run, inputs: JudgingInputs, last: Batch) -> AuditResult:
    line = history_line(inputs.subject, run.request.steps)
    with closed_after(open_state(state_home(run.workspace))) as state:
        before = history.prior_findings(state, line)
        report = build_report(run.folder, inputs, before=before)
        for path in write_reports(run.folder, report, inputs, run.common.redactor.text):
            if path.name == FORMATS["json"].file:
                last.begin()  # it reads no other
        run.results += last.results()
        _refuse_leaks(run)
        folder = finish_run(run.folder)
        history.record(state, folder.name, report, line)
    if run.request.keep:
        prune_runs(run.request.out, run.workspace.name, run.request.keep)
    failed = tuple(result for result in run.results if result.error)
    return AuditResult(folder, report, _status(run, report), failed)


def _status(run: _Run, report: Report) -> int:
    if any(result.error.startswith("interrupted") for result in run.results):
        return INTERRUPTED
    return exit_status(report, run.request.fail_on, only_new=run.request.only_new)


def _reasons(run: _Run) -> dict[str, str]:
    """Why a step has no result: the error that ended its notebook."""
    return {
        step_named(result.job.name).name: f"The notebook did not finish: {result.error}"
        for result in run.results
        if result.error and result.job.name != FIRST
    }


def _refuse_leaks(run: _Run) -> None:
    """Delete every file that contains a registered secret, then raise LeakError."""
    leaking = dict(_leaking(run))
    for path in leaking:
        path.unlink()
    if leaking:
        names = ", ".join(sorted(f"{path.name} {labels}" for path, labels in leaking.items()))
        raise LeakError(
            f"{len(leaking)} of the run's files contained a secret and are deleted: {names}.",
            f"The rest is in {run.folder}. Find the cell that printed it, and report its form.",
        )


def _leaking(run: _Run) -> Iterator[tuple[Path, str]]:
    """Yield each file of the run with a secret in it, and rows of the activity log likewise."""
    for path in sorted((*run.folder.rglob("*"), *_written_activity(run))):
        if not path.is_file():
            continue
        leaks = run.common.redactor.leaks
        if labels := sorted({label for part in _contents(path) for label in leaks(part)}):
            yield path, " ".join(labels)


def _written_activity(run: _Run) -> Iterator[Path]:
    """Yield the activity files that this run wrote; a deleted one is fetched again."""
    for path in (state_home(run.workspace) / "activity").rglob("*.parquet"):
        if path.stat().st_mtime >= run.started.timestamp():
            yield path


def _contents(path: Path) -> Iterable[bytes]:
    if path.suffix != ".parquet":
        return (path.read_bytes(),)
    from helpers.auditlog.database import parquet_text  # heavy, and only where there are rows

    return chain((path.read_bytes(),), parquet_text(path))


def _redactor(choices: Choices, *, demo: bool) -> Redactor:
    if not demo:
        return redactor_of(settings_of(choices))
    redactor = Redactor()
    for kind, value in demo_secrets():
        redactor.register(kind, value)
    return redactor


def _demo(closing: ExitStack) -> tuple[Sandbox, dict[str, str]]:
    """Start one sandbox for all notebooks, and make a folder for the demos that the run removes.

    The folder is in memory where possible: what the demos write need not survive a crash.
    """
    from helpers.sandbox import start

    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    folder = closing.enter_context(owned_folder("runbook-demos-", memory))
    sandbox = closing.enter_context(start())
    return sandbox, {SANDBOX_URL: sandbox.url, "TMPDIR": str(folder)}


def _own_variables(workspace: Workspace) -> dict[str, str]:
    """The variables of a workspace whose secrets have a prefix; a kernel gets no others like it."""
    source = workspace.secrets
    if source is None or source.kind != "environment":
        return {}
    return {name: value for name, value in os.environ.items() if name.startswith(source.place)}


def _remove_abandoned() -> None:
    """Remove what runs left that were killed. Folders of live runs stay."""
    from helpers.run.provisioner import kernel_base

    for base in {gettempdir(), kernel_base(), _MEMORY}:
        for pattern in _FOLDERS:
            remove_abandoned(Path(base), pattern)


def _absolute(path: str) -> str:
    return str(path_of(path) or "")
