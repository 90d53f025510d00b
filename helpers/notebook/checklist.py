"""The last notebook's view of a run: coverage, the six items, what to do next, controls.

With a run folder it sums up what the other notebooks saved. Without one it collects everything
itself, step by step, and sums that up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from helpers.core.model import Report
from helpers.core.steps import STEPS, Step
from helpers.core.view import View, prose, stack
from helpers.notebook.context_factory import (
    path_of,
    policy_of,
    target_of,
    usual_policy_of,
    waivers_of,
)
from helpers.notebook.guide import auditing, auditing_in, progress, states_in, under
from helpers.notebook.live_view import LiveView
from helpers.notebook.parameters import Choices
from helpers.notebook.session import StepSession, open_step
from helpers.report.build import build_report, tool_version
from helpers.report.folder import load_report
from helpers.report.judging_inputs import JudgingInputs
from helpers.report.phrases import subject_line
from helpers.report.views import (
    checklist_view,
    compliance_view,
    coverage_view,
    fixed_view,
    next_steps_view,
    verdicts_view,
)
from helpers.system.temporary import owned_folder

__all__ = ["Checklist", "open_checklist"]


class Checklist:
    """The summary of a whole run."""

    def __init__(self, report: Report, about: str, choices: Choices) -> None:
        self.report = report
        self._about = about  # what was audited, in a line
        self._choices = choices
        self._opened_with = replace(choices)

    def coverage(self) -> View:
        """How much was checked, before how much of it is fine."""
        return self._shown(coverage_view(self.report))

    def items(self) -> View:
        """The six items, each with its verdict."""
        return self._shown(checklist_view(self.report))

    def next_steps(self) -> View:
        """What to do next, most urgent first."""
        return self._shown(next_steps_view(self.report.findings))

    def findings(self) -> View:
        """Every verdict of the run."""
        return self._shown(verdicts_view(self.report.findings))

    def fixed(self) -> View:
        """What failed in the previous run and is fixed now."""
        return self._shown(fixed_view(self.report))

    def compliance(self) -> View:
        """Controls of four frameworks, with the checks that cover them."""
        return self._shown(compliance_view(self.report))

    def close(self) -> View:
        """Say how many steps completed."""
        steps = sum(step.completed for step in self.report.steps)
        said = prose(f"{steps} of {len(self.report.steps)} steps completed.")
        about = [prose(f"{label}: {value}") for label, value in self._subject()]
        strip = progress("09_security_checklist", states_in(self.report))
        return self._shown(stack(said, *about, strip))

    def _subject(self) -> Iterator[tuple[str, str]]:
        """What the run was about, the period, and what was left out; nothing without a run."""
        if subject := self.report.subject:
            yield "Audited", subject_line(subject)
            yield "Period of the activity log", subject.period or "not examined"
            yield "Steps left out", ", ".join(subject.left_out) or "none"

    def _shown(self, view: View) -> View:
        return LiveView(under(self._about, view), self._choices, self._opened_with)


def open_checklist(choices: Choices) -> Checklist:
    """Sum up the run in `choices.run_dir`, or collect everything now."""
    if run := path_of(choices.run_dir):
        report = load_report(run)
        return Checklist(report, auditing_in(report), choices)
    return Checklist(*_collected(choices), choices)


def _collected(choices: Choices) -> tuple[Report, str]:
    with owned_folder("runbook-checklist-") as folder:
        own = replace(choices, run_dir=str(folder))
        sessions = [_carried_out(step, own) for step in STEPS]
        inputs = JudgingInputs(
            profile=choices.profile,
            generated_at=max(session.snapshot.taken_at for session in sessions),
            tool_version=tool_version(),
            policy=policy_of(choices),
            usual_policy=usual_policy_of(choices),
            waivers=waivers_of(choices),
            target=target_of(choices),
        )
        return build_report(folder, inputs), auditing(sessions[0].context)


def _carried_out(step: Step, choices: Choices) -> StepSession:
    with _open(step, choices) as session:
        if step.action:
            session.act()
        session.collect()
        return session


@contextmanager
def _open(step: Step, choices: Choices) -> Iterator[StepSession]:
    session = open_step(step.name, choices)
    try:
        yield session
    finally:
        session.finish()
