"""Sign for a period: `runbook review` as a form in JupyterLab; elsewhere a sentence.

The signature covers what the cells above the form have shown. The step is then collected again, so
that the verdicts below include the signature.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from helpers.auditlog.records import AuditFacts, results_digest
from helpers.auditlog.review import sign_off, signable
from helpers.core.errors import UsageError
from helpers.core.form import Form, OpenStep
from helpers.core.model import Snapshot
from helpers.core.view import View, prose

__all__ = ["ReviewForm", "open_review"]

_ELSEWHERE: Final = (
    "In JupyterLab this is a form to sign. On the command line: `runbook review`. "
    "An unattended run signs nothing: the period stays unreviewed."
)
_SEEN: Final = "I have read the answers above, and followed up what stands out"
_KEEP: Final = "Keep the anchor elsewhere. Run the verdicts below again to include the signature."
_FORGETS: Final = (
    "Run the verdicts below again to include it. The sandbox discards it with this notebook."
)


class CollectedStep(OpenStep, Protocol):
    """A collected step: the form needs its context and its snapshot."""

    @property
    def snapshot(self) -> Snapshot[Any]:
        """The collected facts, as shown."""
        ...

    def collect(self) -> View:
        """Collect again."""
        ...


def open_review(step: CollectedStep) -> ReviewForm:
    """A form to sign for the period that a step has shown."""
    return ReviewForm(step)


class ReviewForm(Form[CollectedStep]):
    """The form. `runbook review` does the same on the command line."""

    elsewhere = _ELSEWHERE

    def sign(self) -> None:
        """Sign for what was shown if the box is ticked; then collect the step again."""
        if not self._widgets["seen"].value:
            raise UsageError("Nothing was signed.", "Tick the box to confirm the review.")
        if self._step.context is not self._context:
            raise UsageError(
                "The choices have changed since the answers were shown; nothing was signed.",
                "Run the cells above and this one again.",
            )
        facts = self._step.snapshot.facts
        reviewer, note = self._widgets["reviewer"].value, self._widgets["note"].value
        anchor = sign_off(self._step.context, facts, reviewer, note=note)
        self._widgets["seen"].value = False
        self._step.collect()
        self._show(
            prose(f"Signed by {reviewer.strip()}. Anchor: `{anchor.seq}:{anchor.hash}`"),
            prose(_FORGETS if self._step.context.hub else _KEEP),
        )

    def _form(self) -> Any:
        import ipywidgets as w

        wide = {"style": {"description_width": "6rem"}, "layout": w.Layout(width="36rem")}
        self._widgets = {
            "reviewer": w.Text(description="your name", placeholder="who signs", **wide),
            "note": w.Text(description="note", placeholder="what to remember", **wide),
            "seen": w.Checkbox(description=_SEEN, **wide),
            "said": w.HTML(),
        }
        button = w.Button(description="Sign")
        button.on_click(lambda _: self._guarded(self.sign))
        self._guarded(lambda: self._show(prose(_signature_text(self._step.snapshot.facts))))
        return w.VBox([*self._widgets.values(), button])


def _signature_text(facts: AuditFacts) -> str:
    """What a signature would say. Raises CollectionError if there is nothing to sign."""
    summary, answers = signable(facts)
    flagged = sum(answer.flagged for answer in answers)
    return (
        f"You sign for {summary.start:%Y-%m-%d} to {summary.end:%Y-%m-%d}: {summary.rows} rows, "
        f"{len(answers)} questions, {flagged} rows that stand out. The digest of the answers "
        f"begins with {results_digest(answers)[:16]}."
    )
