"""The ways out before the end: give up before the swap, or put the old key back after it.

Both are open only while the old key is shown to be alive. One that a crash cut short is finished by
the next resume, not undone.
"""

from __future__ import annotations

from helpers.core.errors import UsageError
from helpers.rotation.bench import Bench
from helpers.rotation.ledger import Entry
from helpers.rotation.stores.base import Stage
from helpers.rotation.transitions import State

__all__ = ["abort", "finish", "roll_back"]

_ABORT = "abort"
_ROLL_BACK = "roll back"


def abort(bench: Bench, entry: Entry) -> Entry:
    """Give up before the swap. Refused (UsageError) where only the way forward is safe."""
    if entry.at not in (State.PLANNED, State.STAGED, State.VERIFIED):
        raise UsageError(
            f"The rotation stands at {entry.at}: too late to abort.",
            "Go on with --resume, or go back with --roll-back while the old key is alive.",
        )
    if entry.new_fingerprint and bench.at(Stage.CURRENT) == entry.new_fingerprint:
        raise UsageError("The new key is in use already.", "Go on with --resume.")
    _demand_old_alive(bench, entry, Stage.CURRENT, _ABORT)
    bench.ledger.intend(entry, _ABORT)
    return _abort(bench, entry)


def roll_back(bench: Bench, entry: Entry) -> Entry:
    """Put the old key back. Refused (UsageError) unless it still answers."""
    if entry.at not in (State.SWAPPED, State.CONFIRMED) or entry.compromised:
        raise UsageError(
            f"The rotation stands at {entry.at}: there is nothing to roll back.",
            "Give it up with --abort, or go on with --resume.",
        )
    _demand_old_alive(bench, entry, Stage.PREVIOUS, _ROLL_BACK)
    bench.ledger.intend(entry, _ROLL_BACK)
    return _roll_back(bench, entry)


def finish(bench: Bench, entry: Entry) -> Entry | None:
    """Finish an exit that a crash cut short; None where there was none."""
    intents = [e.name for e in bench.ledger.events(entry) if e.what == "intent"]
    if not entry.open or not intents:
        return None
    if intents[-1] == _ABORT:
        return _abort(bench, entry)
    return _roll_back(bench, entry) if intents[-1] == _ROLL_BACK else None


def _abort(bench: Bench, entry: Entry) -> Entry:
    bench.store.discard(Stage.PENDING)
    return bench.say(bench.ledger.move(entry, State.ABORTED))


def _roll_back(bench: Bench, entry: Entry) -> Entry:
    bench.store.rollback(entry.new_fingerprint, entry.old_fingerprint)
    return bench.say(bench.ledger.move(entry, State.ROLLED_BACK))


def _demand_old_alive(bench: Bench, entry: Entry, stage: Stage, what: str) -> None:
    old = bench.store.read(stage)
    verdict = bench.procedure.before(old) if old else None
    asked = verdict is not None and verdict.detail.get("asked", True)
    if not asked and not entry.new_fingerprint:
        return  # it can't be asked, but nobody has brought another one either
    if verdict is None or not verdict.proven or not asked:
        why = verdict.say if verdict else "it is no longer in the store."
        raise UsageError(
            f"Can't {what}: the old key can't be shown to be alive. {why}",
            "The way out is forward: --resume with the new key.",
        )
