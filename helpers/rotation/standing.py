"""Where a rotation stands after a stretch of work, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from helpers.rotation.ledger import Entry

__all__ = ["Need", "Pause", "Standing"]


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
