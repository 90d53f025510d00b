"""What `runbook init` would change in a repository: shown, and applied by a click in JupyterLab.

Without a person at the kernel nothing is ever written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from markupsafe import Markup

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.jupyter import in_jupyterlab
from helpers.core.redaction import sanitize
from helpers.core.view import View, prose, stack
from helpers.environment.setup import FileChange, apply, plan

__all__ = ["SetupForm", "open_setup", "planned"]

_FILE: Final = Markup("<p><code>{}</code>, {}:</p><pre>{}</pre>")
_ADDED: Final = Markup('<span style="color:#14502a">+ {}</span>')


def planned(changes: Sequence[FileChange]) -> View:
    """The lines that each file would get. What stands there already is not shown: it stays."""
    if not changes:
        return prose("`.env.example` and `.gitignore` need no change.")
    return stack(*map(_change, changes))


def _change(change: FileChange) -> View:
    lines = [sanitize(line) for line in change.added() if line]
    how = "1 line added" if len(lines) == 1 else f"{len(lines)} lines added"
    kind = how if change.before else "a new file"
    shown = Markup("\n").join(_ADDED.format(line) for line in lines)
    text = "\n".join((f"{change.path.name}, {kind}:", *(f"+ {line}".rstrip() for line in lines)))
    return View(_FILE.format(change.path.name, kind, shown), text)


_ELSEWHERE: Final = "Nothing was written. `./runbook init` makes this change, after asking."
_ENV_FILE: Final = "`.env` itself is made by `./runbook init`, from hidden prompts in a terminal."


_CHANGED: Final = "The choices have changed: this is what the other repository needs. Click again."


class SetupStep(Protocol):
    """An opened step, of which the form needs the context alone."""

    @property
    def context(self) -> Context:
        """The profile's settings, policy and places."""
        ...


def open_setup(step: SetupStep) -> SetupForm:
    """Offer what the examined repository still needs."""
    return SetupForm(step)


class SetupForm:
    """The planned change, and a button for it where a person can click."""

    def __init__(self, step: SetupStep) -> None:
        self._step = step
        self._repo: Path | None = None  # whose plan is shown
        self._changes: tuple[FileChange, ...] = ()
        self._said: Any = None

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._form() if in_jupyterlab() else self.view())  # type: ignore[no-untyped-call]

    def view(self) -> View:
        """What would be written, and by what."""
        try:
            changes = plan(self._step.context.repo)
        except RunbookError as error:
            return stack(prose(error.message), prose(error.advice))
        return stack(planned(changes), prose(_ELSEWHERE)) if changes else planned(changes)

    def make(self) -> None:
        """Make the change that is shown; what stands in the files already stays.

        If another repository has been chosen since, its plan is shown in place of making anything.
        """
        try:
            if self._step.context.repo != self._repo:
                self._plan(_CHANGED)
                return
            apply(self._changes)
        except RunbookError as error:
            self._show(prose(error.message), prose(error.advice))
        else:
            done = ", ".join(change.path.name for change in self._changes)
            self._show(prose(f"Done: {done}."), prose(_ENV_FILE))

    def _form(self) -> Any:
        import ipywidgets as w

        self._said = w.HTML()
        button = w.Button(description="Make this change")
        button.on_click(lambda _: self._click(button))
        try:
            self._plan()
        except RunbookError as error:
            self._show(prose(error.message), prose(error.advice))
        button.disabled = not self._changes
        return w.VBox([self._said, button])

    def _plan(self, *notes: str) -> None:
        """Show what the chosen repository still needs."""
        self._repo = self._step.context.repo
        self._changes = plan(self._repo)
        self._show(*map(prose, notes), planned(self._changes))

    def _click(self, button: Any) -> None:
        before = self._repo
        self.make()
        button.disabled = self._repo == before or not self._changes

    def _show(self, *views: View) -> None:
        html = f'<div style="line-height:1.4">{stack(*views).html}</div>'  # widgets set lines wide
        self._said.value = self._step.context.redactor.text(html)
