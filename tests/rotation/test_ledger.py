"""The ways between states, and a ledger in which the slower of two is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.core.errors import LockedError, StateError
from helpers.rotation.ledger import Ledger, LedgerEntry
from helpers.rotation.transitions import CLOSED, ORDER, Mode, State, may_move, next_state
from helpers.system.state import open_state

S = State
ASIDE = {(state, S.NEEDS_HUMAN) for state in State if state not in CLOSED | {S.NEEDS_HUMAN}}
ABORTS = {(state, S.ABORTED) for state in (S.PLANNED, S.STAGED, S.VERIFIED)}
BACK = {(state, S.ROLLED_BACK) for state in (S.SWAPPED, S.CONFIRMED)}
PLANNED = {
    (S.PLANNED, S.STAGED),
    (S.STAGED, S.VERIFIED),
    (S.VERIFIED, S.SWAPPED),
    (S.SWAPPED, S.CONFIRMED),
    (S.CONFIRMED, S.REVOKED),
    (S.REVOKED, S.DONE),
}
COMPROMISED = {
    (S.PLANNED, S.REVOKED),
    (S.REVOKED, S.STAGED),
    (S.STAGED, S.VERIFIED),
    (S.VERIFIED, S.SWAPPED),
    (S.SWAPPED, S.CONFIRMED),
    (S.CONFIRMED, S.DONE),
}


@pytest.mark.parametrize(
    ("compromised", "ways"),
    [(False, PLANNED | ASIDE | ABORTS | BACK), (True, COMPROMISED | ASIDE | ABORTS)],
)
def test_there_are_these_ways_and_no_others(
    compromised: bool, ways: set[tuple[State, State]]
) -> None:
    found = {(a, b) for a in State for b in State if may_move(a, b, compromised=compromised)}
    assert found == ways


@pytest.mark.parametrize("compromised", [False, True])
def test_the_straight_way_ends(compromised: bool) -> None:
    state, seen = State.PLANNED, [State.PLANNED]
    while state is not State.DONE:
        state = next_state(state, compromised=compromised)
        seen.append(state)
    assert tuple(seen) == ORDER[compromised]
    with pytest.raises(ValueError, match="no next state"):
        next_state(State.DONE, compromised=compromised)


@pytest.fixture
def ledgers(tmp_path: Path) -> Iterator[tuple[Ledger, Ledger]]:
    """Two processes' views of one ledger."""

    def clock() -> datetime:
        return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    with closing(open_state(tmp_path)) as one, closing(open_state(tmp_path)) as two:
        yield Ledger(one, clock=clock, actor="ada"), Ledger(two, clock=clock, actor="bob")


def begin(ledger: Ledger, variable: str = "INTERCOM_ACCESS_TOKEN") -> LedgerEntry:
    return ledger.open(
        variable=variable,
        kind="access_token",
        mode=Mode.OVERLAP,
        store=".env",
        old_fingerprint="0" * 16,
    )


def test_one_rotation_a_key_is_open_and_the_second_is_told_who_began(
    ledgers: tuple[Ledger, Ledger],
) -> None:
    ada, bob = ledgers
    begin(ada)
    with pytest.raises(LockedError, match="ada opened it on 2026-03-02"):
        begin(bob)
    begin(bob, "INTERCOM_READ_TOKEN")
    ada.move(ada.entries()[0], State.ABORTED)
    begin(bob)


def test_of_two_that_move_the_same_rotation_the_slower_is_told(
    ledgers: tuple[Ledger, Ledger],
) -> None:
    ada, bob = ledgers
    seen_by_both = begin(ada)
    ada.move(seen_by_both, State.STAGED, new_fingerprint="1" * 16)
    with pytest.raises(LockedError, match="Someone else has moved"):
        bob.move(seen_by_both, State.STAGED, new_fingerprint="2" * 16)
    assert bob.entry(seen_by_both.id).new_fingerprint == "1" * 16
    assert [e.actor for e in bob.events(seen_by_both)] == ["ada", "ada"], "and leaves no trace"


def test_a_way_that_does_not_exist_is_not_taken(ledgers: tuple[Ledger, Ledger]) -> None:
    ada, _ = ledgers
    entry = begin(ada)
    with pytest.raises(StateError, match="can't move from PLANNED to DONE"):
        ada.move(entry, State.DONE)
    assert ada.entry(entry.id) == entry


def test_a_person_sends_it_back_to_where_it_stood_alone(ledgers: tuple[Ledger, Ledger]) -> None:
    ada, _ = ledgers
    staged = ada.move(begin(ada), State.STAGED)
    waiting = ada.move(staged, State.NEEDS_HUMAN, reason="odd", stood_at=State.STAGED)
    assert (waiting.resumes_at, waiting.reason) == (State.STAGED, "odd")
    with pytest.raises(StateError):
        ada.move(waiting, State.CONFIRMED)
    back = ada.move(waiting, waiting.resumes_at)
    assert (back.state, back.reason) == (State.STAGED, "")
