"""What stands around the outputs of a notebook: what is audited, and where the reader is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from markupsafe import Markup

from helpers.core.context import Context
from helpers.core.model import Finding, Report
from helpers.core.redaction import sanitize
from helpers.core.settings import Profile
from helpers.core.steps import STEPS
from helpers.core.view import Tone, View, stack, tag

__all__ = ["StepState", "auditing", "auditing_in", "progress", "stale", "states_in", "under"]

_NOTEBOOKS: Final = (
    ("00_start_here", "Start here"),
    *((step.notebook, step.title) for step in STEPS),
    ("09_security_checklist", "Security checklist"),
)
_UNKNOWN: Final[Mapping[str, StepState]] = MappingProxyType({})
_DIM: Final = Markup('<p style="opacity:.75;margin:0 0 .4em">{}</p>')
_LINK: Final = Markup('<a href="{}.ipynb">{}</a>')
_STALE: Final = (
    "The choices have changed: this is from before. Run this cell and those above again."
)


class StepState(Enum):
    """How a step ended, as far as this notebook knows: its word and its colours."""

    DONE = ("done", Tone.GOOD)  # no check fails; some may have had no data
    FAILS = ("fails", Tone.BAD)
    NOT_RUN = ("not run", Tone.WARN)

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> StepState:
        """The state of a step that has these verdicts."""
        return cls.FAILS if any(finding.failing for finding in findings) else cls.DONE


def states_in(report: Report) -> dict[str, StepState]:
    """The state of each step of a run, by notebook."""
    named = {step.name: step.notebook for step in STEPS}
    return {
        named[result.step]: StepState.of(f for f in report.findings if f.step == result.step)
        if result.completed
        else StepState.NOT_RUN
        for result in report.steps
        if result.step in named
    }


def auditing(context: Context) -> str:
    """`Auditing: production · repository shop`: what every output of a notebook is about."""
    return _about(context.settings.name, context.settings.profile, context.repo.name)


def auditing_in(report: Report) -> str:
    """The same line for a run that has ended."""
    subject = report.subject
    kind = (subject and subject.environment) or report.profile
    return _about(
        report.profile, kind, subject.repository.name if subject and subject.repository else ""
    )


def _about(name: str, environment: str, repository: str) -> str:
    kind = "the demo" if environment == Profile.SANDBOX else environment
    known = "" if kind == name else f" ({kind})"
    return f"Auditing: {name}{known}" + (f" · repository {repository}" if repository else "")


def under(about: str, view: View) -> View:
    """A view below a small line that says what it is about."""
    seen = sanitize(about)
    return stack(View(_DIM.format(seen), seen), view)


def stale(view: View) -> View:
    """A view that is from before a change of the choices, and says so."""
    html = Markup("<p>{} {}</p>").format(tag("OUT OF DATE", Tone.WARN), _STALE)
    return stack(View(html, f"OUT OF DATE. {_STALE}"), view)


def progress(notebook: str, states: Mapping[str, StepState] = _UNKNOWN) -> View:
    """The place of a notebook among all, with links to the one before and the one after.

    `states` holds what is known of the steps, by notebook; the others are only named.
    """
    names = [name for name, _ in _NOTEBOOKS]
    at = names.index(notebook)
    marks = Markup(" ").join(_mark(name, states.get(name), here=name == notebook) for name in names)
    before = _step_to(at - 1, "← {}") if at else Markup("")
    after = _step_to(at + 1, "{} →") if at + 1 < len(names) else Markup("")
    links = Markup(" · ").join(link for link in (before, after) if link)
    said = f"Notebook {at + 1} of {len(names)}"
    known = ", ".join(f"{name[:2]} {states[name].value[0]}" for name in names if name in states)
    html = Markup("<p>{} &nbsp; {}</p><p>{}</p>").format(said, marks, links)
    return View(html, ". ".join(part for part in (said, known, links.striptags()) if part))


def _mark(name: str, state: StepState | None, *, here: bool) -> Markup:
    number = name[:2]
    word, tone = state.value if state else ("", Tone.NOTE)
    shown = tag(f"{number} {word}".strip(), tone) if state or here else number
    return Markup("<strong>{}</strong>").format(shown) if here else _LINK.format(name, shown)


def _step_to(number: int, form: str) -> Markup:
    name, title = _NOTEBOOKS[number]
    return _LINK.format(name, form.format(f"{name[:2]} · {title}"))
