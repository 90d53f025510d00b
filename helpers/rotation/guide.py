"""One rotation as a person goes through it: the same for the command line and the notebook.

Each call takes the lock, works as far as it goes, and lets go: between two calls a person clicks in
the Developer Hub, and anybody may go on, from any machine that shares the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from helpers.core.context import Context
from helpers.core.errors import UsageError
from helpers.rotation.ledger import Event
from helpers.rotation.plans import plan
from helpers.rotation.procedures import Offer
from helpers.rotation.rehearsal import rehearsal_shop
from helpers.rotation.standing import Standing
from helpers.rotation.transitions import MODES, Mode
from helpers.rotation.workshop import Workshop, kind_of, ledger_of, workshop

__all__ = ["Guide"]


class Guide:
    """Leads through the rotation of one variable of one profile."""

    def __init__(self, context: Context, variable: str, *, by_hand: bool = False) -> None:
        self._context = context
        self.variable = variable
        self._by_hand = by_hand  # in the sandbox: a person clicks instead of the hub

    @property
    def lasting(self) -> bool:
        """Whether another command finds what this one leaves: the sandbox profile forgets it."""
        return not self._context.hub

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that there are for this key, the usual one first."""
        return MODES[kind_of(self.variable)]

    def plan(self, mode: Mode, *, compromised: bool = False) -> tuple[str, ...]:
        """What will happen, as lines. Raises UsageError where this key has no such mode."""
        self._demand(mode)
        return plan(kind_of(self.variable), mode, compromised=compromised)

    def check(self, *, compromised: bool = False) -> str:
        """A dry run: all that can be checked beforehand. Raises what would stop a rotation."""
        with self._shop() as shop:
            if shop.ledger.open_entry(self.variable):
                raise UsageError("A rotation of it is open.", "Go on with --resume.")
            _, verdict = shop.engine.preflight(compromised=compromised)
            caveats = shop.engine.store.capabilities.caveats
        return " ".join((verdict.say, *caveats))

    def begin(self, mode: Mode, *, compromised: bool = False) -> Standing:
        """Open a rotation and go as far as it goes."""
        self._demand(mode)
        with self._shop() as shop:
            entry = shop.engine.start(self.variable, mode, compromised=compromised)
            return shop.engine.resume(entry)

    def go_on(self, offer: Offer | None = None) -> Standing:
        """Go on with the open rotation. Raises UsageError where there is none."""
        with self._shop() as shop:
            return shop.engine.resume(shop.open_entry(), offer)

    def abort(self) -> Standing:
        """Give it up, before the swap."""
        with self._shop() as shop:
            return shop.engine.abort(shop.open_entry())

    def roll_back(self) -> Standing:
        """Go back to the old key, while it is alive."""
        with self._shop() as shop:
            return shop.engine.roll_back(shop.open_entry())

    def standing(self) -> Standing | None:
        """Where the open rotation stands, by the ledger alone."""
        with ledger_of(self._context) as ledger:
            found = ledger.open_entry(self.variable)
        return Standing(found) if found else None

    def history(self) -> tuple[Event, ...]:
        """What happened in the open rotation, or in the last one."""
        with ledger_of(self._context) as ledger:
            entries = [e for e in ledger.entries() if e.variable == self.variable]
            return ledger.events(entries[-1]) if entries else ()

    def _demand(self, mode: Mode) -> None:
        if mode not in self.modes:
            raise UsageError(
                f"{self.variable} can't be rotated in mode {mode}.",
                f"Use --mode {self.modes[0]}, or leave it out.",
            )

    @contextmanager
    def _shop(self) -> Iterator[Workshop]:
        context, variable = self._context, self.variable
        make = rehearsal_shop(context, variable, by_hand=self._by_hand) if context.hub else None
        with make or workshop(context, variable) as shop:
            yield shop
