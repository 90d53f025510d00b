"""What every step of a rotation works with, and the few moves that all of them make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from helpers.core.model import fingerprint
from helpers.rotation.ledger import Entry, Ledger
from helpers.rotation.procedures import Procedure
from helpers.rotation.stores.base import SecretStore, Stage
from helpers.rotation.transitions import next_state

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["Bench"]


@dataclass(frozen=True)
class Bench:
    """The ledger, the store and the procedure of one secret."""

    ledger: Ledger
    store: SecretStore
    procedure: Procedure
    tell: Callable[[str], None] = lambda _: None

    def mark(self, value: SecretStr) -> str:
        """The fingerprint of a secret of this kind."""
        return fingerprint(self.procedure.kind, value.get_secret_value())

    def at(self, stage: Stage) -> str:
        """The fingerprint of what the store holds at a stage, or ""."""
        value = self.store.read(stage)
        return self.mark(value) if value else ""

    def on(self, entry: Entry, **detail: Any) -> Entry:
        """Go to the next state of the straight way."""
        state = next_state(entry.state, compromised=entry.compromised)
        return self.ledger.move(entry, state, **detail)

    def say(self, entry: Entry) -> Entry:
        """Tell whoever watches where the rotation stands."""
        self.tell(f"{entry.variable}: {entry.state}")
        return entry
