"""One rotation as a person goes through it: the same for the command line and the notebook.

Each call takes the lock, works as far as it goes, and lets go: between two calls a person clicks in
the Developer Hub, and anybody may go on, from any machine that shares the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from helpers.context import Context
from helpers.errors import UsageError
from helpers.rotation.engine import Standing
from helpers.rotation.ledger import Event
from helpers.rotation.procedures import Offer
from helpers.rotation.rehearsal import rehearsal_shop
from helpers.rotation.transitions import Mode
from helpers.rotation.workshop import Workshop, ledger_of, workshop

__all__ = ["Guide", "plan"]

_OVERLAP: Final = (
    "1. The key in use is tried, the store is checked. Nothing is changed.",
    "2. YOU make a second private app with the same scopes, and paste its token here.",
    "3. The new token is kept beside the old one and tried: workspace, region, scopes.",
    "4. The store gives out the new token; the old one is kept and stays alive.",
    "5. Whoever uses the key confirms that it uses the new one. Until here you can go back.",
    "6. YOU uninstall the old app. THIS CAN'T BE UNDONE. The runbook never does it.",
    "7. The old token is proven dead, and deleted.",
)
_IN_PLACE: Final = (
    "1. The key in use is tried, the store is checked. Nothing is changed.",
    "2. YOU regenerate the key and paste the new one here. THIS CAN'T BE UNDONE: assume that the",
    "   old key dies at the click, and that whatever uses it fails until step 5.",
    "3. The new key is kept beside the old one and tried.",
    "4. The store gives out the new key.",
    "5. Whoever uses the key confirms that it uses the new one.",
    "6. The old key is proven dead, and deleted.",
)
_COMPROMISED: Final = (
    "1. YOU withdraw the key NOW. THIS CAN'T BE UNDONE: whatever uses it fails until step 5.",
    "2. It is proven dead. From here on there may be no live key: that gap is recorded.",
    "3. YOU paste the new key here; it is kept and tried.",
    "4. The store gives out the new key.",
    "5. Whoever uses the key confirms that it uses the new one; the gap ends.",
    "6. The old key is proven dead again, the new one beside it, and deleted.",
)


def plan(mode: Mode, *, compromised: bool) -> tuple[str, ...]:
    """What will happen, who does it, and what can't be undone."""
    if compromised:
        return _COMPROMISED
    return _OVERLAP if mode is Mode.OVERLAP else _IN_PLACE


class Guide:
    """Leads through the rotation of one variable of one profile."""

    def __init__(self, context: Context, variable: str, *, by_hand: bool = False) -> None:
        self._context = context
        self.variable = variable
        self._by_hand = by_hand  # in the sandbox: a person clicks instead of the hub

    def check(self, *, compromised: bool = False) -> str:
        """A dry run: all that can be checked beforehand. Raises what would stop a rotation."""
        with self._shop() as shop:
            if shop.ledger.open_entry(self.variable):
                raise UsageError("A rotation of it is open.", "Go on with --resume.")
            _, verdict = shop.engine.preflight(compromised=compromised)
        return verdict.say

    def begin(self, mode: Mode, *, compromised: bool = False) -> Standing:
        """Open a rotation and go as far as it goes."""
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

    def vouchable(self) -> tuple[str, ...]:
        """The consumers that only a person can vouch for."""
        with self._shop() as shop:
            return shop.engine.vouchable

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

    @contextmanager
    def _shop(self) -> Iterator[Workshop]:
        context = self._context
        sandboxed = bool(context.hub) and self.variable == "INTERCOM_ACCESS_TOKEN"
        make = rehearsal_shop(context, by_hand=self._by_hand) if sandboxed else None
        with make or workshop(context, self.variable) as shop:
            yield shop
