"""A view that marks itself out of date when the choices behind it change."""

from __future__ import annotations

from typing import Any

from helpers.core.jupyter import in_jupyterlab
from helpers.core.view import View
from helpers.notebook.guide import stale
from helpers.notebook.parameters import Choices

__all__ = ["LiveView"]


class LiveView(View):
    """A view of what was opened with certain choices. In JupyterLab it follows the form."""

    def __init__(self, view: View, choices: Choices, opened_with: Choices) -> None:
        super().__init__(view.html, view.text)
        self.__dict__.update(_choices=choices, _opened_with=opened_with)  # a view is frozen

    @property
    def current(self) -> View:
        """What to show now: the view, marked if the form says something else than it did."""
        opened: Choices = self.__dict__["_opened_with"]
        plain = View(self.html, self.text)
        return plain if self.__dict__["_choices"] == opened else stale(plain)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not in_jupyterlab():
            raise NotImplementedError  # IPython then shows the result as any other
        shown: Any = display(self.current, display_id=True)  # type: ignore[no-untyped-call]
        self.__dict__["_choices"].on_change(lambda: shown.update(self.current))
