"""Answer what no API reports: `runbook attest` as a form in JupyterLab; elsewhere a sentence.

One question stands in the form at a time, the open ones first. An answer is kept by the same rules
as on the command line, and the verdicts below then include it.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from helpers.access.attestations import (
    ANSWERS,
    MOST_DAYS,
    PLACES,
    QUESTIONS,
    USUAL_DAYS,
    attest,
    attested,
    open_questions,
    read_attestations,
    token_of,
)
from helpers.access.records import Attestation
from helpers.core.errors import UsageError
from helpers.core.form import Form, OpenStep
from helpers.core.view import View, headline, prose

__all__ = ["AttestationForm", "open_attestations"]

_ELSEWHERE: Final = (
    "In JupyterLab this is a form to answer. On the command line: `runbook attest`. "
    "An unattended run answers nothing: the questions stay open."
)
_AGAIN: Final = "Run the verdicts below again to include it."
_FORGETS: Final = f"{_AGAIN} The sandbox discards it with this notebook."
_ALL: Final = "Every question is answered. Choose one to answer it again."


class UpdatableStep(OpenStep, Protocol):
    """A step that can take a fact which a form has changed."""

    def update(self, **facts: Any) -> None:
        """Replace these facts of what was collected."""
        ...


def open_attestations(step: UpdatableStep) -> AttestationForm:
    """A form to answer what no API reports."""
    return AttestationForm(step)


class AttestationForm(Form[UpdatableStep]):
    """The form. `runbook attest` does the same on the command line."""

    elsewhere = _ELSEWHERE

    def keep(self) -> None:
        """Keep the answer to the question that is shown, and turn to the next open one."""
        if self._step.context is not self._context:
            raise UsageError(
                "The choices have changed since the question was shown; nothing was kept.",
                "Run this cell again.",
            )
        given, picture = self._widgets, self._widgets["picture"].value.strip()
        kept = attest(
            self._context.state,
            given["question"].value,
            answer=given["answer"].value or "",
            by=given["by"].value,
            on=self._today,
            days=given["days"].value,
            evidence=Path(picture).expanduser() if picture else None,
            fingerprint=token_of(given["question"].value, self._context.settings),
        )
        self._step.update(attestations=attested(self._context.state))
        self._turn_to_next()
        self._show(*self._kept(kept))

    @property
    def _today(self) -> date:
        return self._context.clock().date()

    def _kept(self, kept: Attestation) -> tuple[View, ...]:
        hashed = (
            f" The picture's SHA-256: `{kept.evidence_sha256}`." if kept.evidence_sha256 else ""
        )
        said = f"Kept: {kept.question}, {kept.answer}, by {kept.by}, until {kept.expires}.{hashed}"
        return prose(said), prose(_FORGETS if self._context.hub else _AGAIN)

    def _form(self) -> Any:
        import ipywidgets as w

        wide = {"style": {"description_width": "6rem"}, "layout": w.Layout(width="36rem")}
        self._widgets = {
            "question": w.Dropdown(options=list(QUESTIONS), description="question", **wide),
            "asked": w.HTML(),
            "answer": w.RadioButtons(options=ANSWERS, value=None, description="answer", **wide),
            "by": w.Text(description="your name", placeholder="who checked", **wide),
            "days": w.BoundedIntText(
                value=USUAL_DAYS, min=1, max=MOST_DAYS, description="holds, days", **wide
            ),
            "picture": w.Text(
                description="picture", placeholder="a screenshot's path; its hash is kept", **wide
            ),
            "said": w.HTML(),
        }
        self._widgets["question"].observe(lambda _: self._guarded(self._choose), names="value")
        self._widgets["days"].observe(lambda _: self._guarded(self._ask), names="value")
        button = w.Button(description="Keep this answer", button_style="primary")
        button.on_click(lambda _: self._guarded(self.keep))
        self._guarded(self._turn_to_next)
        return w.VBox([*self._widgets.values(), button])

    def _turn_to_next(self) -> None:
        """Show the first open question, with nothing answered."""
        self._widgets["picture"].value = ""
        if waiting := open_questions(self._given(), self._today):
            self._widgets["question"].value = waiting[0]
        self._choose()

    def _choose(self) -> None:
        """Turn to the chosen question: no answer to another one counts for it."""
        self._widgets["answer"].value = None
        self._ask()

    def _ask(self) -> None:
        """Show the chosen question: where to check it, what was last said, the date it gets."""
        question, given = self._widgets["question"].value, self._given()
        waiting = open_questions(given, self._today)
        until = self._today + timedelta(days=self._widgets["days"].value)
        lines = (
            f"{len(waiting)} of {len(QUESTIONS)} questions are open." if waiting else _ALL,
            f"Check it here: {PLACES[question]}.",
            *(
                f"Last answer: {a.answer}, by {a.by} on {a.on}, until {a.expires}."
                for a in given
                if a.question == question
            ),
            f"Your answer is dated {self._today} and holds until {until}.",
        )
        self._widgets["asked"].value = self._html(headline(QUESTIONS[question]), *map(prose, lines))

    def _given(self) -> tuple[Attestation, ...]:
        return read_attestations(self._context.state)
