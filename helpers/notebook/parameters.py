"""What a run is about: the parameters of a notebook, and the form that JupyterLab shows for them.

papermill writes parameters into the notebook in clear, so they name profiles and files, never a
secret. In JupyterLab the same names become a form whose defaults are the parameters; everywhere
else (papermill, nbval, a plain kernel) the parameters are used as given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from helpers.core.errors import UsageError
from helpers.core.jupyter import in_jupyterlab
from helpers.core.settings import Profile
from helpers.core.view import View, table

__all__ = ["Choices", "choose"]

_MEANING: Final[Mapping[str, str]] = {
    "profile": "the environment, or the workspace of workspaces.toml, to audit",
    "env_file": "an env file to use instead of the profile's own",
    "repo": "the repository to audit",
    "policy": "a policy.toml to use instead of the repository's own",
    "run_dir": "the folder of a run, filled in by `runbook audit`",
    "observed": "what ran: HAR files, logs, webhook records, separated by commas",
}


@dataclass
class Choices:
    """The parameters. An empty one means the default of its profile."""

    profile: str = "sandbox"
    env_file: str = ""
    repo: str = ""
    policy: str = ""
    run_dir: str = ""
    observed: str | None = None  # None in the steps that don't use it
    _listeners: list[Callable[[], object]] = field(default_factory=list, repr=False, compare=False)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(_form(self) if in_jupyterlab() else self.view())

    def on_change(self, listener: Callable[[], object]) -> None:
        """Call this after each change in the form."""
        self._listeners.append(listener)

    def change(self, name: str, value: str) -> None:
        """Take what was typed into the form."""
        setattr(self, name, value)
        for listener in self._listeners:
            listener()

    def view(self) -> View:
        """The parameters that are set."""
        rows = [
            (name, getattr(self, name), meaning)
            for name, meaning in _MEANING.items()
            if getattr(self, name) and name != "run_dir"
        ]
        return table(("parameter", "value", "meaning"), rows, empty="")


def choose(
    profile: str = "sandbox",
    *,
    env_file: str = "",
    repo: str = "",
    policy: str = "",
    run_dir: str = "",
    observed: str | None = None,
) -> Choices:
    """Take the parameters of a notebook. JupyterLab shows the result as a form.

    There a choice stays as long as the kernel: running the cell again keeps what the form says,
    unless the parameters have been edited since.
    """
    given = Choices(profile, env_file, repo, policy, run_dir, observed)
    if not in_jupyterlab():
        return given
    _explain_errors()
    if _LAST.get("given") != given:
        _LAST.update(given=given, chosen=replace(given))
    return _LAST["chosen"]


def _explain_errors() -> None:
    """Explain a cell that runs too early, however JupyterLab was started."""
    from IPython.core.getipython import get_ipython

    from helpers.notebook.kernel_messages import load_ipython_extension

    if shell := get_ipython():
        load_ipython_extension(shell)


_LAST: Final[dict[str, Choices]] = {}  # of this kernel


def _form(choices: Choices) -> Any:
    """Widgets that write into the choices; a change counts from the next cell on."""
    import ipywidgets

    style = {"description_width": "6rem"}
    widgets: list[Any] = [
        ipywidgets.Dropdown(
            options=_names(choices), value=choices.profile, description="profile", style=style
        )
    ]
    widgets.extend(
        ipywidgets.Text(
            value=getattr(choices, name),
            description=name,
            placeholder=_MEANING[name],
            style=style,
            layout=ipywidgets.Layout(width="36rem"),
        )
        for name in ("env_file", "repo", "policy", "observed")
        if getattr(choices, name) is not None
    )
    for widget in widgets:
        widget.observe(lambda change: _take(choices, change), names="value")
    return ipywidgets.VBox(widgets)


def _names(choices: Choices) -> list[str]:
    """The profiles and the workspaces of the operator's file; the chosen one in any case."""
    from helpers.core.workspaces import workspaces

    names: list[str] = [*Profile, choices.profile]
    with suppress(UsageError):  # a broken file is reported where a workspace is opened
        names.extend(workspaces())
    return list(dict.fromkeys(names))


def _take(choices: Choices, change: Mapping[str, Any]) -> None:
    choices.change(change["owner"].description, str(change["new"]))
