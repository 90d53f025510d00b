"""A form for rotations in JupyterLab; elsewhere one sentence.

It offers the one next action, red and to be confirmed where the action can't be undone, and beside
it only the way back where there is one. After the end it offers nothing.

The field for the new key is cleared before its value is used, so that neither the notebook, nor the
widgets' state, nor the kernel's history holds it. What the form shows comes from the ledger: after
a kernel restart it shows the present state of the rotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from pydantic import SecretStr

from helpers.core.context import Context
from helpers.core.errors import UsageError
from helpers.core.form import Form, OpenStep
from helpers.core.view import Tone, View, prose, tag
from helpers.rotation.context import ENDS, Need, Pause, RotationStatus
from helpers.rotation.guide import Guide
from helpers.rotation.ledger import LedgerEntry
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.session import kind_of
from helpers.rotation.transitions import MODES, ORDER, Mode, State, before_staging, may_move
from helpers.rotation.views import chain

__all__ = ["RotationForm", "open_rotation"]

_ELSEWHERE: Final = (
    "In JupyterLab this cell shows a form. On the command line: "
    "`runbook rotate access-token --dry-run`."
)
_NO_KEY: Final = "No key that can be rotated is configured: set one with `runbook init`."
_SANDBOX: Final = "Sandbox: leave the field empty, and the developer hub creates the key."


_AGAIN: Final = "Run this cell again to rotate another key."
_SURE: Final = "I am sure: this can't be undone"
_UNSURE: Final = "This can't be undone, and it was not confirmed. Nothing was done."


def open_rotation(step: OpenStep) -> RotationForm:
    """A form that leads a person through a rotation of one of the profile's keys."""
    return RotationForm(step)


class RotationForm(Form[OpenStep]):
    """A rotation as a form. `runbook rotate` does the same on the command line."""

    elsewhere = _ELSEWHERE

    def __init__(self, step: OpenStep) -> None:
        super().__init__(step)
        self._next: Callable[[], None] = self.start
        self._attestable: tuple[str, ...] = ()  # what the form has asked for, and nothing else

    # --- what a person does ---

    def proceed(self) -> None:
        """Do the one next action, which the first button names."""
        self._next()

    def check(self) -> None:
        """Check whether a rotation can work; change nothing."""
        self._show(
            prose(f"The rotation can start. {self._guide().dry_run(compromised=self._stolen)}")
        )

    def start(self) -> None:
        """Open a rotation; it pauses where the person has to click."""
        self._demand_sure(None)
        self._show_status(self._guide(by_hand=True).start(self._mode, compromised=self._stolen))

    def resume(self) -> None:
        """Resume, with the pasted key if there is one."""
        pasted, self._widgets["secret"].value = self._widgets["secret"].value.strip(), ""
        status = self._guide().status()
        self._demand_sure(status.entry if status else None)
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

    def _demand_sure(self, entry: LedgerEntry | None) -> None:
        """Raises UsageError for what can't be undone and was not confirmed."""
        if self._warning(entry) and not self._widgets["sure"].value:
            raise UsageError(_UNSURE, f"Tick “{_SURE}” first.")

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

        keys = self._keys()
        if not keys:
            return prose(_NO_KEY)
        wide: dict[str, Any] = {
            "style": {"description_width": "6rem"},
            "layout": {"width": "36rem"},
        }
        self._widgets = {
            "key": w.Dropdown(options=keys, description="key", **wide),
            "mode": w.Dropdown(options=_modes_of(keys[0]), description="mode", **wide),
            "stolen": w.Checkbox(description="the key is compromised: revoke it first", **wide),
            "said": w.HTML(),
            "secret": w.Password(description="new key", placeholder="paste it here", **wide),
            "confirm": w.Checkbox(**wide),
            "warning": w.HTML(),
            "sure": w.Checkbox(description=_SURE, **wide),
        }
        self._widgets["key"].observe(lambda _: self._run(self._choose), names="value")
        for name in ("mode", "stolen"):
            self._widgets[name].observe(lambda _: self._run(self._refresh), names="value")
        fields, buttons = list(self._widgets.values()), self._buttons()
        self._widgets |= buttons
        self._run(self._refresh)
        return w.VBox([*fields, w.HBox(list(buttons.values()))])

    def _buttons(self) -> dict[str, Any]:
        import ipywidgets as w

        actions = {
            "next": ("", self.proceed),
            "check": ("Check only", self.check),
            "cancel": ("Cancel", self.cancel),
        }
        buttons = {}
        for name, (label, action) in actions.items():
            buttons[name] = w.Button(description=label)
            buttons[name].on_click(lambda _, action=action: self._run(action))
        sure = self._widgets["sure"]
        sure.observe(lambda _: setattr(buttons["next"], "disabled", not sure.value), names="value")
        return buttons

    def _offer(self, status: RotationStatus | None) -> None:
        """Offer what can be done next, and nothing else."""
        entry = status.entry if status else None
        done = entry is not None and entry.state is State.DONE
        running = entry if entry and entry.open else None
        self._next = self.resume if running else self.start
        warning = "" if done else self._warning(running)
        new = running is None and not done
        self._show_only(
            key=not done,
            mode=new,
            stolen=new,
            secret=bool(running and status and _takes_key(status)),
            confirm=bool(running and self._attestable),
            warning=bool(warning),
            sure=bool(warning),
            next=not done,
            check=new,
            cancel=bool(running and _may_go_back(running)),
        )
        self._widgets["warning"].value = self._html(View(tag(warning, Tone.BAD), warning))
        self._widgets["sure"].value = False
        button = self._widgets["next"]
        button.description = "Resume" if running else "Start"
        button.button_style = "danger" if warning else "primary"
        button.disabled = bool(warning)

    def _show_only(self, **shown: bool) -> None:
        for name, visible in shown.items():
            self._widgets[name].layout.display = None if visible else "none"

    def _warning(self, entry: LedgerEntry | None) -> str:
        return self._guide().point_of_no_return(entry, compromised=self._stolen)

    def _run(self, action: Callable[[], None]) -> None:
        """Act for the workspace that is chosen now; nobody acts on what was not shown."""
        self._guarded(lambda: self._act_or_turn(action))

    def _act_or_turn(self, action: Callable[[], None]) -> None:
        if self._step.context is self._context:
            action()
        else:
            self._turn_to(self._step.context)

    def _turn_to(self, context: Context) -> None:
        """Show the keys and the plan of another workspace, in place of doing anything."""
        self._context = context
        if not (keys := self._keys()):
            self._show_only(**dict.fromkeys(self._widgets, False) | {"said": True})
            self._show(prose(_NO_KEY))
            return
        self._widgets["secret"].value = ""
        self._widgets["key"].options = keys
        self._choose()
        shown = self._widgets["said"].value
        note = prose(f"The choices have changed: this is now {context.settings.name}. Click again.")
        self._widgets["said"].value = f"{self._html(note)}{shown}"

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
        self._offer(None)
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
        self._offer(status)
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
        if entry.state is State.DONE:
            views.append(prose(_AGAIN))
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


def _takes_key(status: RotationStatus) -> bool:
    """Whether a person may paste the new key now."""
    if status.pause:
        return status.pause.need is Need.SECRET
    return status.entry.resumes_at is before_staging(compromised=status.entry.compromised)


def _may_go_back(entry: LedgerEntry) -> bool:
    ways = (State.ABORTED, State.ROLLED_BACK)
    return any(may_move(entry.resumes_at, way, compromised=entry.compromised) for way in ways)


def _modes_of(variable: str) -> list[str]:
    return [str(mode) for mode in MODES[kind_of(variable)]]
