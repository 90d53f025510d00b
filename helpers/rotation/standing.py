"""Where a rotation stands after a stretch of work, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from helpers.rotation.ledger import Entry
from helpers.rotation.transitions import State

__all__ = ["ENDS", "Need", "Pause", "Standing"]

# What an end means for the person who came to it.
ENDS: Final[Mapping[State, str]] = {
    State.DONE: "The new key is in use; the old one is dead, and deleted here.",
    State.ABORTED: "The key in use is as before. If a new one was made, withdraw it: it is alive, "
    "and nobody uses it.",
    State.ROLLED_BACK: "The old key is in use again. Withdraw the new one: it is alive, and nobody "
    "should use it.",
}


class Need(StrEnum):
    """What a rotation waits for."""

    SECRET = "secret"  # noqa: S105 (a word): a person brings the new key
    CLICK = "click"  # a person withdraws the old key
    CONFIRMATION = "confirmation"  # consumers have to say that they use the new key
    RETRY = "retry"  # the network or Intercom
    DECISION = "decision"  # a person has to look: NEEDS_HUMAN


@dataclass(frozen=True)
class Pause:
    """What is waited for, in lines for a person, who may vouch for what `vouch` names."""

    need: Need
    say: tuple[str, ...]
    vouch: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """A rotation as the ledger has it now, and what it waits for, if anything."""

    entry: Entry
    pause: Pause | None = None
