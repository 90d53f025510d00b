"""The states of a rotation and the ways between them: data, no behaviour.

Two tables. The planned rotation replaces first and revokes last, so that a live key is there at
every moment. The one of a compromised key revokes first: a gap without a live key is allowed there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = ["CLOSED", "MODES", "ORDER", "Mode", "State", "before_staging", "may_move", "next_state"]


class State(StrEnum):
    """Where a rotation stands. Each name says what has been achieved and proven."""

    PLANNED = "PLANNED"  # everything that can be checked beforehand was
    STAGED = "STAGED"  # the new secret lies in the store, in use by nobody
    VERIFIED = "VERIFIED"  # it works, in the right place, and reaches no further than the old
    SWAPPED = "SWAPPED"  # the store gives it out; the old one is kept
    CONFIRMED = "CONFIRMED"  # every consumer says that it uses it
    REVOKED = "REVOKED"  # the old one is proven dead
    DONE = "DONE"  # the old one is deleted
    ABORTED = "ABORTED"  # given up before the swap; nothing changed
    ROLLED_BACK = "ROLLED_BACK"  # the old one was put back, alive
    NEEDS_HUMAN = "NEEDS_HUMAN"  # something is off that no program should decide


class Mode(StrEnum):
    """How the new secret comes to be."""

    OVERLAP = "overlap"  # old and new are alive together: a second app, or a second secret
    IN_PLACE = "in-place"  # making the new one kills the old one: forward only


# The modes that there are for each kind of secret, the usual one first.
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
    """The state after this one on the straight way.

    Raises ValueError for a state that has no next one.
    """
    order = ORDER[compromised]
    if state not in order[:-1]:
        raise ValueError(f"{state} has no next state.")
    return order[order.index(state) + 1]


def may_move(old: State, new: State, *, compromised: bool) -> bool:
    """May a rotation go from `old` to `new`?

    `old` is where it stands; out of NEEDS_HUMAN, which remembers where it stood, the ledger asks
    with that. A swap that was made is never aborted; nobody goes back to a revoked secret.
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
    """Where a rotation waits for a new secret: also after one that would not do."""
    return State.REVOKED if compromised else State.PLANNED
