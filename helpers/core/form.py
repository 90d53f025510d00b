"""A form to fill in: widgets where a person works in JupyterLab, elsewhere a sentence.

Everywhere else (papermill, nbval, a plain kernel) nobody can answer, so nothing is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.jupyter import in_jupyterlab
from helpers.core.view import View, prose, stack

__all__ = ["Form", "OpenStep"]


class OpenStep(Protocol):
    """An opened step, of which a form needs the context."""

    @property
    def context(self) -> Context:
        """The workspace that is chosen now: settings, policy and folders."""
        ...


StepT = TypeVar("StepT", bound=OpenStep)


class Form(Generic[StepT]):
    """What the forms of all steps share; `elsewhere` is the sentence."""

    elsewhere: ClassVar[str]

    def __init__(self, step: StepT) -> None:
        self._step = step
        self._context = step.context  # whose facts are shown above
        self._widgets: dict[str, Any] = {}

    def _repr_html_(self) -> str:
        return str(prose(self.elsewhere).html)

    def __repr__(self) -> str:
        return prose(self.elsewhere).text

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._form() if in_jupyterlab() else prose(self.elsewhere))  # type: ignore[no-untyped-call]

    def _form(self) -> Any:
        """The widgets; one named `said` shows what a click led to."""
        raise NotImplementedError

    def _guarded(self, action: Callable[[], None]) -> None:
        """Do what a click asks for; an error is a sentence in the form."""
        try:
            action()
        except RunbookError as error:
            self._show(prose(error.message), prose(error.advice))

    def _show(self, *views: View) -> None:
        self._widgets["said"].value = self._html(*views)

    def _html(self, *views: View) -> str:
        """Views for a widget, whose lines would stand wide apart, without any secret."""
        html = f'<div style="line-height:1.4">{stack(*views).html}</div>'
        return self._context.redactor.text(html)
