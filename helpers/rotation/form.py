"""A form for rotations in JupyterLab; elsewhere one sentence.

The field for the new key is cleared before its value is used, so that neither the notebook, nor the
widgets' state, nor the kernel's history holds it. What the form shows comes from the ledger: after
a kernel restart it shows the present state of the rotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from pydantic import SecretStr

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.jupyter import in_jupyterlab
from helpers.core.view import View, prose, stack
from helpers.rotation.context import ENDS, Need, Pause, RotationStatus
from helpers.rotation.guide import Guide
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.session import kind_of
from helpers.rotation.transitions import MODES, ORDER, Mode, State
from helpers.rotation.views import chain

__all__ = ["RotationForm", "open_rotation"]

_ELSEWHERE: Final = (
    "In JupyterLab this cell shows a form. On the command line: "
    "`runbook rotate access-token --dry-run`."
)
_NO_KEY: Final = "No key that can be rotated is configured: set one with `runbook init`."
_SANDBOX: Final = "Sandbox: leave the field empty, and the developer hub creates the key."


class RotationStep(Protocol):
    """An opened step: the form needs only its context."""

    @property
    def context(self) -> Context:
        """The profile's settings, policy and places."""
        ...


def open_rotation(step: RotationStep) -> RotationForm:
    """A form that leads a person through a rotation of one of the profile's keys."""
    return RotationForm(step)


class RotationForm:
    """A rotation as a form. `runbook rotate` does the same on the command line."""

    def __init__(self, step: RotationStep) -> None:
        self._step = step
        self._context = step.context  # whose keys and plan are shown
        self._widgets: dict[str, Any] = {}
        self._attestable: tuple[str, ...] = ()  # what the form has asked for, and nothing else

    def _repr_html_(self) -> str:
        return str(prose(_ELSEWHERE).html)

    def __repr__(self) -> str:
        return prose(_ELSEWHERE).text

    def _ipython_display_(self) -> None:
        from IPython.display import display

        shown = prose(_ELSEWHERE)
        if in_jupyterlab():
            shown = self._form() if self._keys() else prose(_NO_KEY)
        display(shown)  # type: ignore[no-untyped-call]

    # --- what a person does ---

    def check(self) -> None:
        """Check whether a rotation can work; change nothing."""
        self._show(
            prose(f"The rotation can start. {self._guide().dry_run(compromised=self._stolen)}")
        )

    def start(self) -> None:
        """Open a rotation; it pauses where the person has to click."""
        self._show_status(self._guide(by_hand=True).start(self._mode, compromised=self._stolen))

    def resume(self) -> None:
        """Resume, with the pasted key if there is one."""
        pasted, self._widgets["secret"].value = self._widgets["secret"].value.strip(), ""
        secret = SecretStr(pasted) if pasted else None
        del pasted
        guide = self._guide(by_hand=secret is not None)
        names = frozenset(self._attestable if self._widgets["confirm"].value else ())
        self._show_status(guide.resume(OperatorInput(secret=secret, attested=names)))

    def cancel(self) -> None:
        """Abort before the swap, or put the old key back after it."""
        guide = self._guide()
        status = guide.status()
        swapped = status is not None and status.entry.resumes_at in (State.SWAPPED, State.CONFIRMED)
        self._show_status(guide.roll_back() if swapped else guide.abort())

    # --- what is shown ---

    @property
    def _mode(self) -> Mode:
        return Mode(self._widgets["mode"].value)

    @property
    def _stolen(self) -> bool:
        return bool(self._widgets["stolen"].value)

    def _guide(self, *, by_hand: bool = False) -> Guide:
        return Guide(self._context, self._widgets["key"].value, by_hand=by_hand)

    def _keys(self) -> list[str]:
        """The configured keys that have a procedure."""
        return [c.variable for c in self._context.settings.credentials() if c.kind in MODES]

    def _form(self) -> Any:
        import ipywidgets as w

        wide = {"style": {"description_width": "6rem"}, "layout": w.Layout(width="36rem")}
        keys = self._keys()
        self._widgets = {
            "key": w.Dropdown(options=keys, description="key", **wide),
            "mode": w.Dropdown(options=_modes_of(keys[0]), description="mode", **wide),
            "stolen": w.Checkbox(description="the key is compromised: revoke it first", **wide),
            "secret": w.Password(description="new key", placeholder="paste it here", **wide),
            "confirm": w.Checkbox(**wide),
            "output": w.HTML(),
        }
        self._widgets["key"].observe(lambda _: self._run(self._choose), names="value")
        for name in ("mode", "stolen"):
            self._widgets[name].observe(lambda _: self._run(self._refresh), names="value")
        self._run(self._refresh)
        return w.VBox([*self._widgets.values(), w.HBox(self._buttons())])

    def _buttons(self) -> list[Any]:
        import ipywidgets as w

        actions = {
            "Check only": self.check,
            "Start": self.start,
            "Resume": self.resume,
            "Cancel": self.cancel,
        }
        buttons = []
        for name, action in actions.items():
            button = w.Button(description=name)
            button.on_click(lambda _, action=action: self._run(action))
            buttons.append(button)
        return buttons

    def _run(self, action: Callable[[], None]) -> None:
        """Act for the workspace that is chosen now; nobody acts on what was not shown."""
        try:
            if self._step.context is self._context:
                action()
            else:
                self._turn_to(self._step.context)
        except RunbookError as error:
            self._show(prose(error.message), prose(error.advice))

    def _turn_to(self, context: Context) -> None:
        """Show the keys and the plan of another workspace, in place of doing anything."""
        self._context = context
        if not (keys := self._keys()):
            self._show(prose(_NO_KEY))
            return
        self._widgets["secret"].value = ""
        self._widgets["key"].options = keys
        self._choose()
        shown = self._widgets["output"].value
        note = prose(f"The choices have changed: this is now {context.settings.name}. Click again.")
        self._widgets["output"].value = f"{self._context.redactor.text(str(note.html))}{shown}"

    def _choose(self) -> None:
        """OperatorInput the modes of the chosen key."""
        self._widgets["mode"].options = _modes_of(self._widgets["key"].value)
        self._refresh()

    def _refresh(self) -> None:
        """Show the state of the open rotation, or else the plan of a new one."""
        status = self._guide().status()
        if status:
            self._show_status(status)
            return
        self._ask_to_confirm(())
        lines = self._guide().plan(self._mode, compromised=self._stolen)
        self._show(chain((), compromised=self._stolen), *map(prose, lines))

    def _ask_to_confirm(self, names: tuple[str, ...]) -> None:
        """Enable the check box for what only a person can confirm; else disable it."""
        box, self._attestable = self._widgets["confirm"], names
        box.value, box.disabled = False, not names
        box.description = f"I confirm: {', '.join(names)}" if names else "nothing to confirm"

    def _show_status(self, status: RotationStatus) -> None:
        entry = status.entry
        self._ask_to_confirm(status.pause.attestable if status.pause else ())
        order = ORDER[entry.compromised]
        reached = order[: order.index(entry.resumes_at) + 1] if entry.resumes_at in order else ()
        views = [chain(reached, compromised=entry.compromised)]
        views.append(prose(f"{entry.variable} is at {entry.state}. {entry.reason}".strip()))
        if status.pause:
            views.extend(prose(line) for line in status.pause.lines)
            views.extend(prose(line) for line in self._next_action(status.pause))
        else:
            hint = "Click Resume to see what it waits for."
            views.append(prose(ENDS.get(entry.state, hint)))
        self._show(*views)

    def _next_action(self, pause: Pause) -> Iterator[str]:
        """Where in the form the answer goes."""
        if pause.need is Need.SECRET:
            yield "Paste it into the field “new key” and click Resume."
            if self._context.hub:
                yield _SANDBOX
        elif pause.attestable:
            yield "Confirm with the check box what only you can see, then click Resume."
        elif pause.need in (Need.CLICK, Need.CONFIRMATION):
            yield "Then click Resume."

    def _show(self, *views: View) -> None:
        html = f'<div style="line-height:1.4">{stack(*views).html}</div>'  # widgets set lines wide
        self._widgets["output"].value = self._context.redactor.text(html)


def _modes_of(variable: str) -> list[str]:
    return [str(mode) for mode in MODES[kind_of(variable)]]
