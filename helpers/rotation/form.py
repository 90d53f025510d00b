"""The rotation as a form in JupyterLab; elsewhere a sentence.

The field for the new key is emptied before anything is done with its value, so that neither the
notebook, nor the widgets' state, nor the kernel's history holds it. What the form shows comes from
the ledger: after a restart of the kernel it stands where the rotation stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from pydantic import SecretStr

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.jupyter import in_jupyterlab
from helpers.core.view import View, prose, stack
from helpers.rotation.guide import Guide
from helpers.rotation.procedures import Offer
from helpers.rotation.standing import ENDS, Need, Pause, Standing
from helpers.rotation.transitions import MODES, ORDER, Mode, State
from helpers.rotation.views import chain
from helpers.rotation.workshop import kind_of

__all__ = ["RotationForm", "open_rotation"]

_ELSEWHERE: Final = (
    "In JupyterLab a form stands here. On the command line: runbook rotate access-token --dry-run."
)
_NO_KEY: Final = "No key that can be rotated is configured: runbook init sets one."
_SANDBOX: Final = "Sandbox: leave the field empty, and the developer hub makes the key."


class Opened(Protocol):
    """An opened step, of which the form needs the context alone."""

    @property
    def context(self) -> Context:
        """The profile's settings, policy and places."""
        ...


def open_rotation(step: Opened) -> RotationForm:
    """Lead a person through a rotation of one of the profile's keys."""
    return RotationForm(step.context)


class RotationForm:
    """A rotation to click through. Everything it does, `runbook rotate` does too."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._widgets: dict[str, Any] = {}
        self._vouch: tuple[str, ...] = ()  # what was asked: nobody vouches for the unseen

    def _repr_html_(self) -> str:
        return str(prose(_ELSEWHERE).html)

    def __repr__(self) -> str:
        return _ELSEWHERE

    def _ipython_display_(self) -> None:
        from IPython.display import display

        shown = prose(_ELSEWHERE)
        if in_jupyterlab():
            shown = self._form() if self._keys() else prose(_NO_KEY)
        display(shown)  # type: ignore[no-untyped-call]

    # --- what a person does ---

    def check(self) -> None:
        """Look whether a rotation could work; change nothing."""
        self._show(prose(f"It could begin. {self._guide().check(compromised=self._stolen)}"))

    def begin(self) -> None:
        """Open a rotation; it stops where the person has to click."""
        self._tell(self._guide(by_hand=True).begin(self._mode, compromised=self._stolen))

    def go_on(self) -> None:
        """Go on, with the key that was pasted, if one was."""
        pasted, self._widgets["secret"].value = self._widgets["secret"].value.strip(), ""
        secret = SecretStr(pasted) if pasted else None
        del pasted
        guide = self._guide(by_hand=secret is not None)
        names = frozenset(self._vouch if self._widgets["vouch"].value else ())
        self._tell(guide.go_on(Offer(secret=secret, attested=names)))

    def give_up(self) -> None:
        """Abort before the swap, or put the old key back after it."""
        guide = self._guide()
        standing = guide.standing()
        swapped = standing is not None and standing.entry.at in (State.SWAPPED, State.CONFIRMED)
        self._tell(guide.roll_back() if swapped else guide.abort())

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
        """The configured keys that there is a procedure for."""
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
            "vouch": w.Checkbox(**wide),
            "said": w.HTML(),
        }
        self._widgets["key"].observe(lambda _: self._guarded(self._choose), names="value")
        for name in ("mode", "stolen"):
            self._widgets[name].observe(lambda _: self._guarded(self._where), names="value")
        self._guarded(self._where)
        return w.VBox([*self._widgets.values(), w.HBox(self._buttons())])

    def _buttons(self) -> list[Any]:
        import ipywidgets as w

        actions = {
            "Check only": self.check,
            "Begin": self.begin,
            "Go on": self.go_on,
            "Give up": self.give_up,
        }
        buttons = []
        for name, action in actions.items():
            button = w.Button(description=name)
            button.on_click(lambda _, action=action: self._guarded(action))
            buttons.append(button)
        return buttons

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except RunbookError as error:
            self._show(prose(error.message), prose(error.advice))

    def _choose(self) -> None:
        """Offer the modes of the chosen key."""
        self._widgets["mode"].options = _modes_of(self._widgets["key"].value)
        self._where()

    def _where(self) -> None:
        """Where an open rotation stands, or else the plan of one."""
        standing = self._guide().standing()
        if standing:
            self._tell(standing)
            return
        self._ask_to_vouch(())
        lines = self._guide().plan(self._mode, compromised=self._stolen)
        self._show(chain((), compromised=self._stolen), *map(prose, lines))

    def _ask_to_vouch(self, names: tuple[str, ...]) -> None:
        """A box to tick for what a person alone can see; none where nothing is asked."""
        box, self._vouch = self._widgets["vouch"], names
        box.value, box.disabled = False, not names
        box.description = f"I vouch for: {', '.join(names)}" if names else "nothing to vouch for"

    def _tell(self, standing: Standing) -> None:
        entry = standing.entry
        self._ask_to_vouch(standing.pause.vouch if standing.pause else ())
        order = ORDER[entry.compromised]
        reached = order[: order.index(entry.at) + 1] if entry.at in order else ()
        views = [chain(reached, compromised=entry.compromised)]
        views.append(prose(f"{entry.variable} stands at {entry.state}. {entry.reason}".strip()))
        if standing.pause:
            views.extend(prose(line) for line in standing.pause.say)
            views.extend(prose(line) for line in self._asked(standing.pause))
        else:
            go_on = "Click Go on: it tells what it waits for."
            views.append(prose(ENDS.get(entry.state, go_on)))
        self._show(*views)

    def _asked(self, pause: Pause) -> Iterator[str]:
        """Which field of the form the answer goes into."""
        if pause.need is Need.SECRET:
            yield "Paste it into the field “new key” and click Go on."
            if self._context.hub:
                yield _SANDBOX
        elif pause.vouch:
            yield "What only you can see, vouch for with the check box; then click Go on."
        elif pause.need in (Need.CLICK, Need.CONFIRMATION):
            yield "Then click Go on."

    def _show(self, *views: View) -> None:
        html = f'<div style="line-height:1.4">{stack(*views).html}</div>'  # widgets set lines wide
        self._widgets["said"].value = self._context.redactor.text(html)


def _modes_of(variable: str) -> list[str]:
    return [str(mode) for mode in MODES[kind_of(variable)]]
