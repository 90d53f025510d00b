"""Have a key looked at, record what was seen, and go on, wait, or call a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.rotation.bench import Bench
from helpers.rotation.ledger import Entry
from helpers.rotation.procedures import Offer
from helpers.rotation.standing import Need, Pause
from helpers.rotation.stores.base import Stage
from helpers.rotation.transitions import State, before_staging
from helpers.rotation.verdicts import Outlook, Verdict

__all__ = [
    "ALIVE",
    "DEAD",
    "decide",
    "is_proven",
    "look_at_new",
    "look_at_old",
    "record",
    "wait_for_click",
]

ALIVE = "old key alive"
DEAD = "old key dead"


def look_at_new(bench: Bench, entry: Entry, offer: Offer) -> Verdict:
    """Try the key that waits in the store, before anybody depends on it."""
    new = bench.store.read(Stage.PENDING)
    if new is None or bench.mark(new) != entry.new_fingerprint:
        return Verdict(Outlook.REFUTED, "The new key is no longer where it was kept.")
    old = bench.store.read(Stage.CURRENT)
    return bench.procedure.verify(entry, new, old, seen_before(bench, entry), offer)


def look_at_old(
    bench: Bench, entry: Entry, offer: Offer, *, stage: Stage = Stage.PREVIOUS
) -> Verdict:
    """Is the old key dead? Where it is still the current one, no other can be tried beside it."""
    old = bench.store.read(stage)
    if old is None or bench.mark(old) != entry.old_fingerprint:
        return Verdict(Outlook.UNCLEAR, "The old key is no longer in the store to be tried.")
    new = bench.store.read(Stage.CURRENT) if stage is Stage.PREVIOUS else None
    return bench.procedure.prove_dead(entry, old, new, seen_before(bench, entry), offer)


def seen_before(bench: Bench, entry: Entry) -> Mapping[str, Any]:
    """What was seen of the old key at the beginning."""
    known = bench.ledger.last(entry, "evidence", ALIVE)
    return known.detail if known else {}


def decide(bench: Bench, entry: Entry, proof: str, verdict: Verdict) -> Entry | Pause:
    """Record the verdict under the proof's name and draw the consequence.

    Only a new key that was refuted leads back to where another one is waited for: once it is in
    use, nothing does.
    """
    record(bench, entry, proof, verdict)
    if verdict.proven:
        return bench.on(entry)
    if verdict.outlook is Outlook.TRY_AGAIN:
        return Pause(Need.RETRY, (verdict.say, "Nothing was lost; go on with --resume."))
    if verdict.outlook is Outlook.NOT_YET:
        return wait_for_click(verdict, (verdict.say,))
    refuted = verdict.outlook is Outlook.REFUTED and entry.state is State.STAGED
    back = before_staging(compromised=entry.compromised) if refuted else entry.state
    bench.ledger.move(entry, State.NEEDS_HUMAN, reason=verdict.say, stood_at=back)
    return Pause(Need.DECISION, (verdict.say,))


def wait_for_click(verdict: Verdict, say: tuple[str, ...]) -> Pause:
    """A person has something to do, or to vouch for."""
    return Pause(Need.CLICK, say, (verdict.vouch,) if verdict.vouch else ())


def record(bench: Bench, entry: Entry, proof: str, verdict: Verdict) -> None:
    """Write into the ledger what was seen and what it means."""
    bench.ledger.prove(entry, proof, **verdict.detail, outlook=str(verdict.outlook))


def is_proven(bench: Bench, entry: Entry, proof: str) -> bool:
    """Whether the ledger holds this proof. It stands, whatever a crash came after."""
    known = bench.ledger.last(entry, "evidence", proof)
    return known is not None and known.detail["outlook"] == Outlook.PROVEN
