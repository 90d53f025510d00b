"""A view that marks itself out of date when the choices behind it change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpers.core.errors import RunbookError
from helpers.core.jupyter import in_jupyterlab
from helpers.core.redaction import KNOWN
from helpers.core.view import View, prose, stack
from helpers.notebook.guide import stale
from helpers.notebook.parameters import Choices

__all__ = ["LiveView"]


class LiveView(View):
    """A view of what was opened with certain choices. In JupyterLab it follows the form.

    With `again`, which makes the view anew, a button below the mark does what the cell does.
    """

    def __init__(
        self,
        view: View,
        choices: Choices,
        opened_with: Choices,
        again: Callable[[], LiveView] | None = None,
    ) -> None:
        super().__init__(view.html, view.text)
        # a view is frozen
        self.__dict__.update(_choices=choices, _opened_with=opened_with, _again=again)

    @property
    def out_of_date(self) -> bool:
        """Whether the form says something else than it did."""
        return bool(self.__dict__["_choices"] != self.__dict__["_opened_with"])

    @property
    def current(self) -> View:
        """What to show now: the view, marked if it is out of date."""
        plain = View(self.html, self.text)
        return stale(plain) if self.out_of_date else plain

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not in_jupyterlab():
            raise NotImplementedError  # IPython then shows the result as any other
        shown: Any = display(self.current, display_id=True)  # type: ignore[no-untyped-call]
        self.__dict__["_choices"].on_change(lambda: shown.update(self._with_button(shown)))

    def _with_button(self, shown: Any) -> Any:
        """What to show after a change; while it is out of date, with a button to run it again."""
        if not (self.out_of_date and self.__dict__["_again"]):
            return self.current
        import ipywidgets as w

        button = w.Button(description="Run again", button_style="warning")
        button.on_click(lambda _: self._run_again(shown))
        return w.VBox([button, w.HTML(KNOWN.text(str(self.current.html)))])

    def _run_again(self, shown: Any) -> None:
        try:
            new: LiveView = self.__dict__["_again"]()
        except RunbookError as error:
            said = (KNOWN.text(error.message), KNOWN.text(error.advice))
            shown.update(stack(*map(prose, said)))
            return
        self.__dict__.update(new.__dict__)
        shown.update(self.current)
