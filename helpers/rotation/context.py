"""What every step of a rotation works with, and what a step returns when it has to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from helpers.core.model import fingerprint
from helpers.rotation.ledger import Ledger, LedgerEntry
from helpers.rotation.procedure import Procedure
from helpers.rotation.stores.base import SecretStore, Stage
from helpers.rotation.transitions import State, next_state

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["ENDS", "Need", "Pause", "RotationContext", "RotationStatus"]

# What each final state means for the person who reached it.
ENDS: Final[Mapping[State, str]] = {
    State.DONE: "The new key is in use. The old key is dead and has been deleted here.",
    State.ABORTED: "The key in use has not changed. If a new key was made, revoke it: it is alive, "
    "and nobody uses it.",
    State.ROLLED_BACK: "The old key is in use again. Revoke the new one: it is alive, and nobody "
    "should use it.",
}


class Need(StrEnum):
    """What a rotation waits for."""

    SECRET = "secret"  # noqa: S105 (a word): a person supplies the new key
    CLICK = "click"  # a person revokes the old key
    CONFIRMATION = "confirmation"  # consumers have to confirm that they use the new key
    RETRY = "retry"  # the network or Intercom
    DECISION = "decision"  # a person has to decide: NEEDS_HUMAN


@dataclass(frozen=True)
class Pause:
    """What the rotation waits for, in lines for a person.

    `attestable` names what that person may confirm with their own word.
    """

    need: Need
    lines: tuple[str, ...]
    attestable: tuple[str, ...] = ()


@dataclass(frozen=True)
class RotationStatus:
    """A rotation as the ledger holds it now, and what it waits for, if anything."""

    entry: LedgerEntry
    pause: Pause | None = None


@dataclass(frozen=True)
class RotationContext:
    """The ledger, the store and the procedure of one secret."""

    ledger: Ledger
    store: SecretStore
    procedure: Procedure
    progress: Callable[[str], None] = lambda _: None

    def fingerprint(self, value: SecretStr) -> str:
        """The fingerprint of a secret of this kind."""
        return fingerprint(self.procedure.kind, value.get_secret_value())

    def fingerprint_at(self, stage: Stage) -> str:
        """The fingerprint of what the store holds at a stage, or ""."""
        value = self.store.read(stage)
        return self.fingerprint(value) if value else ""

    def advance(self, entry: LedgerEntry, **detail: Any) -> LedgerEntry:
        """Move to the next state in the order of this rotation."""
        state = next_state(entry.state, compromised=entry.compromised)
        return self.ledger.move(entry, state, **detail)

    def report(self, entry: LedgerEntry) -> LedgerEntry:
        """Report the state that the rotation has reached."""
        self.progress(f"{entry.variable}: {entry.state}")
        return entry
