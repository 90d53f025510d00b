"""What `runbook init` would change in a repository: shown anywhere, made in JupyterLab by a click.

Without a person at the kernel nothing is ever written.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.jupyter import in_jupyterlab
from helpers.core.view import View, prose, stack
from helpers.environment.planned import planned
from helpers.environment.setup import Change, apply, plan

__all__ = ["SetupForm", "open_setup"]

_ELSEWHERE: Final = "Nothing was written. `./runbook init` makes this change, after a question."
_ENV_FILE: Final = "`.env` itself is made by `./runbook init`, from hidden prompts in a terminal."


class Opened(Protocol):
    """An opened step, of which the form needs the context alone."""

    @property
    def context(self) -> Context:
        """The profile's settings, policy and places."""
        ...


def open_setup(step: Opened) -> SetupForm:
    """Offer what the examined repository still needs."""
    return SetupForm(step.context)


class SetupForm:
    """The planned change, and a button for it where a person can click."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._changes: tuple[Change, ...] = ()
        self._said: Any = None

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._form() if in_jupyterlab() else self.view())  # type: ignore[no-untyped-call]

    def view(self) -> View:
        """What would be written, and by what."""
        try:
            changes = plan(self._context.repo)
        except RunbookError as error:
            return stack(prose(error.message), prose(error.advice))
        return stack(planned(changes), prose(_ELSEWHERE)) if changes else planned(changes)

    def make(self) -> None:
        """Make the change that is shown; what stands in the files already stays."""
        try:
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
            self._changes = plan(self._context.repo)
            self._show(planned(self._changes))
        except RunbookError as error:
            self._show(prose(error.message), prose(error.advice))
        button.disabled = not self._changes
        return w.VBox([self._said, button])

    def _click(self, button: Any) -> None:
        self.make()
        button.disabled = True

    def _show(self, *views: View) -> None:
        html = f'<div style="line-height:1.4">{stack(*views).html}</div>'  # widgets set lines wide
        self._said.value = self._context.redactor.text(html)
