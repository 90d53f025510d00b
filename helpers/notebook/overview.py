"""The first notebook's view: what is set, what an audit would call, how the last run went."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from helpers.core.context import Context
from helpers.core.settings import VARIABLES
from helpers.core.steps import STEPS
from helpers.core.view import View, prose, stack, table
from helpers.notebook.context_factory import close_at_exit, open_context
from helpers.notebook.guide import auditing, progress, under
from helpers.notebook.live_view import LiveView
from helpers.notebook.parameters import Choices
from helpers.report.history import runs
from helpers.system.state import open_state

__all__ = ["Overview", "open_start"]


class Overview:
    """A profile, before any call to Intercom."""

    def __init__(self, context: Context, closing: ExitStack, choices: Choices) -> None:
        self.context = context
        self._choices = choices
        self._opened_with = replace(choices)
        self._closing = closing

    def variables(self) -> View:
        """Which variables are set, and by what; never their values."""
        origins = self.context.settings.origins
        rows = [
            (variable.name, origins.get(variable.name, "not set"), variable.purpose)
            for variable in VARIABLES
        ]
        return self._shown(table(("variable", "set by", "what it is for"), rows, empty=""))

    def steps(self) -> View:
        """The notebooks, in order."""
        rows = [(step.notebook, step.title) for step in STEPS]
        return self._shown(table(("notebook", "step"), rows, empty=""))

    def calls(self) -> View:
        """Every call that an audit may make."""
        from helpers.notebook.calls_view import calls_of

        return self._shown(calls_of(""))

    def last_run(self) -> View:
        """When this profile was last audited, with the result."""
        connection = open_state(self.context.state)
        try:
            known = runs(connection)
        finally:
            connection.close()
        if not known:
            return self._shown(prose("This profile has not been audited yet."))
        last = known[0]
        said = f"Last audited {last.generated_at:%Y-%m-%d %H:%M} UTC: {last.summary}"
        return self._shown(prose(said))

    def close(self) -> View:
        """Close everything; in JupyterLab when the kernel ends."""
        close_at_exit(self._closing)
        return self._shown(stack(prose("Ready: continue with 01."), progress("00_start_here")))

    def _shown(self, view: View) -> View:
        return LiveView(under(auditing(self.context), view), self._choices, self._opened_with)


def open_start(choices: Choices) -> Overview:
    """Open a profile without calling anything."""
    closing = ExitStack()
    return Overview(open_context("00_start_here", choices, closing), closing, choices)
