"""The states of a rotation and the transitions between them, as data.

There are two orders. A planned rotation replaces first and revokes last, so that a live key exists
at every moment. For a compromised key it revokes first, and a gap without a live key is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = ["CLOSED", "MODES", "ORDER", "Mode", "State", "before_staging", "may_move", "next_state"]


class State(StrEnum):
    """Where a rotation stands. Each name says what has been achieved and proven."""

    PLANNED = "PLANNED"  # every check before the rotation has passed
    STAGED = "STAGED"  # the store holds the new secret; nobody uses it yet
    VERIFIED = "VERIFIED"  # it works, in the right place, with no more scopes than the old one
    SWAPPED = "SWAPPED"  # it is current in the store; the old one is kept
    CONFIRMED = "CONFIRMED"  # every consumer confirms that it uses it
    REVOKED = "REVOKED"  # the old one is proven dead
    DONE = "DONE"  # the old one is deleted
    ABORTED = "ABORTED"  # stopped before the swap; nothing changed
    ROLLED_BACK = "ROLLED_BACK"  # the old one, still alive, was put back
    NEEDS_HUMAN = "NEEDS_HUMAN"  # a person has to decide


class Mode(StrEnum):
    """How the new secret is created."""

    OVERLAP = "overlap"  # both are alive together: a second app, or a second secret
    IN_PLACE = "in-place"  # creating the new one kills the old one: no way back


# The modes of each kind of secret, the default first.
MODES: Final[Mapping[str, tuple[Mode, ...]]] = {
    "access_token": (Mode.OVERLAP, Mode.IN_PLACE),
    "client_secret": (Mode.IN_PLACE,),
    "identity_secret": (Mode.OVERLAP,),
}

CLOSED: Final = frozenset({State.DONE, State.ABORTED, State.ROLLED_BACK})

_PLANNED_ORDER: Final = (
    State.PLANNED,
    State.STAGED,
    State.VERIFIED,
    State.SWAPPED,
    State.CONFIRMED,
    State.REVOKED,
    State.DONE,
)
_COMPROMISED_ORDER: Final = (
    State.PLANNED,
    State.REVOKED,
    State.STAGED,
    State.VERIFIED,
    State.SWAPPED,
    State.CONFIRMED,
    State.DONE,
)
ORDER: Final[Mapping[bool, tuple[State, ...]]] = {False: _PLANNED_ORDER, True: _COMPROMISED_ORDER}

_BEFORE_SWAP: Final = frozenset({State.PLANNED, State.STAGED, State.VERIFIED})
_AFTER_SWAP: Final = frozenset({State.SWAPPED, State.CONFIRMED})


def next_state(state: State, *, compromised: bool) -> State:
    """The next state in the order. Raises ValueError for a state that has none."""
    order = ORDER[compromised]
    if state not in order[:-1]:
        raise ValueError(f"{state} has no next state.")
    return order[order.index(state) + 1]


def may_move(old: State, new: State, *, compromised: bool) -> bool:
    """Whether a rotation may move from `old` to `new`.

    For NEEDS_HUMAN the ledger passes the state before it. A completed swap can't be aborted, and a
    revoked secret can't be put back.
    """
    if old in CLOSED or old is State.NEEDS_HUMAN:
        return False
    if new is State.NEEDS_HUMAN:
        return True
    if new is State.ABORTED:
        return old in _BEFORE_SWAP
    if new is State.ROLLED_BACK:
        return old in _AFTER_SWAP and not compromised
    return new is next_state(old, compromised=compromised)


def before_staging(*, compromised: bool) -> State:
    """The state in which a rotation waits for a new secret, or for another one."""
    return State.REVOKED if compromised else State.PLANNED
