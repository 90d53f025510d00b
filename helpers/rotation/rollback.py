"""Abort a rotation before the swap, or roll it back after the swap.

Both need proof that the old key is alive. If a crash interrupts one of them, the next resume
finishes it.
"""

from __future__ import annotations

from helpers.core.errors import UsageError
from helpers.rotation.context import RotationContext
from helpers.rotation.ledger import LedgerEntry
from helpers.rotation.stores.base import Stage
from helpers.rotation.transitions import State

__all__ = ["abort", "finish", "roll_back"]

_ABORT = "abort"
_ROLL_BACK = "roll back"


def abort(context: RotationContext, entry: LedgerEntry) -> LedgerEntry:
    """Abort before the swap. Raises UsageError where it is only safe to continue."""
    if entry.resumes_at not in (State.PLANNED, State.STAGED, State.VERIFIED):
        raise UsageError(
            f"The rotation is at {entry.resumes_at}: too late to abort.",
            "Continue with --resume, or go back with --roll-back while the old key is alive.",
        )
    if entry.new_fingerprint and context.fingerprint_at(Stage.CURRENT) == entry.new_fingerprint:
        raise UsageError("The new key is already in use.", "Continue with --resume.")
    _demand_old_alive(context, entry, Stage.CURRENT, _ABORT)
    context.ledger.intend(entry, _ABORT)
    return _abort(context, entry)


def roll_back(context: RotationContext, entry: LedgerEntry) -> LedgerEntry:
    """Put the old key back. Raises UsageError unless it still answers."""
    if entry.resumes_at not in (State.SWAPPED, State.CONFIRMED) or entry.compromised:
        raise UsageError(
            f"The rotation is at {entry.resumes_at}: there is nothing to roll back.",
            "Abort it with --abort, or continue with --resume.",
        )
    _demand_old_alive(context, entry, Stage.PREVIOUS, _ROLL_BACK)
    context.ledger.intend(entry, _ROLL_BACK)
    return _roll_back(context, entry)


def finish(context: RotationContext, entry: LedgerEntry) -> LedgerEntry | None:
    """Finish an abort or rollback that a crash interrupted; None where there was none."""
    intents = [e.name for e in context.ledger.events(entry) if e.what == "intent"]
    if not entry.open or not intents:
        return None
    if intents[-1] == _ABORT:
        return _abort(context, entry)
    return _roll_back(context, entry) if intents[-1] == _ROLL_BACK else None


def _abort(context: RotationContext, entry: LedgerEntry) -> LedgerEntry:
    context.store.discard(Stage.PENDING)
    return context.report(context.ledger.move(entry, State.ABORTED))


def _roll_back(context: RotationContext, entry: LedgerEntry) -> LedgerEntry:
    context.store.rollback(entry.new_fingerprint, entry.old_fingerprint)
    return context.report(context.ledger.move(entry, State.ROLLED_BACK))


def _demand_old_alive(
    context: RotationContext, entry: LedgerEntry, stage: Stage, what: str
) -> None:
    old = context.store.read(stage)
    result = context.procedure.check_current(old) if old else None
    asked = result is not None and result.detail.get("asked", True)
    if not asked and not entry.new_fingerprint:
        return  # it can't be probed, but no other key has been supplied either
    if result is None or not result.proven or not asked:
        why = result.message if result else "it is no longer in the store."
        raise UsageError(
            f"Can't {what}: nothing shows that the old key is alive. {why}",
            "Continue with --resume and the new key.",
        )
