"""The rotation engine: it runs one step after the other and checks before and after each change.

The ledger records an intent before each effect and the state after it. Whatever a crash leaves
behind, `resume` finds by fingerprint where the rotation stands and continues from there. The old
secret stays in the store until it is proven dead; the new one is stored before it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from helpers.core.errors import UnreachableError, UsageError
from helpers.rotation import evidence, rollback
from helpers.rotation.context import Need, Pause, RotationContext, RotationStatus
from helpers.rotation.evidence import Consumer
from helpers.rotation.ledger import Ledger, LedgerEntry
from helpers.rotation.procedure import OperatorInput, ProbeOutcome, ProbeResult, Procedure
from helpers.rotation.stores.base import SAFE_VALUE, ConflictError, SecretStore, Stage
from helpers.rotation.transitions import Mode, State

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["RotationEngine"]

_SHORTEST = 16
_Step = Callable[[LedgerEntry], LedgerEntry | Pause]


class RotationEngine:
    """Runs the rotations of one secret in one store."""

    def __init__(
        self,
        ledger: Ledger,
        store: SecretStore,
        procedure: Procedure,
        consumers: Sequence[Consumer] = (),
        *,
        progress: Callable[[str], None] = lambda _: None,
        register: Callable[[str, str], None] = lambda _kind, _value: None,
    ) -> None:
        self._context = RotationContext(ledger, store, procedure, progress)
        self._ledger = ledger
        self.store = store
        self._procedure = procedure
        self._consumers = tuple(consumers) or (Consumer("readers"),)
        self._register = register  # with the redactor, before the secret is used
        self._supplied = OperatorInput()

    # --- start, resume, abort, roll back ---

    def preflight(self, *, compromised: bool = False) -> tuple[SecretStr, ProbeResult]:
        """The key in use and its probe. Raises RunbookError where a rotation would fail."""
        self.store.doctor()
        current = self.store.read(Stage.CURRENT)
        if current is None:
            raise UsageError(f"{self.store.label} holds nothing.", "Set it with `runbook init`.")
        if self.store.read(Stage.PENDING) is not None:
            raise ConflictError(
                f"{self.store.label} holds a pending secret, but no rotation of it is open here.",
                "Another machine may be rotating it. If none is, delete the pending value.",
            )
        result = self._procedure.check_current(current)
        if not compromised:
            _demand_proven(result)
        return current, result

    def start(self, variable: str, mode: Mode, *, compromised: bool = False) -> LedgerEntry:
        """Run every check, then open a rotation. Raises LockedError if one is open."""
        current, result = self.preflight(compromised=compromised)
        gap = {"gap": {"allowed": "without a live key"}} if compromised else {}
        entry = self._ledger.open(
            variable=variable,
            kind=self._procedure.kind,
            mode=mode,
            store=self.store.label,
            old_fingerprint=self._context.fingerprint(current),
            compromised=compromised,
            evidence={evidence.ALIVE: {"alive": result.proven, **result.detail}} | gap,
        )
        return self._context.report(entry)

    def resume(self, entry: LedgerEntry, supplied: OperatorInput | None = None) -> RotationStatus:
        """Continue until the rotation ends or has to wait; may be repeated at any time."""
        self._supplied = supplied or OperatorInput()
        if ended := rollback.finish(self._context, entry):
            return RotationStatus(ended)
        if entry.state is State.NEEDS_HUMAN:
            entry = self._ledger.move(entry, entry.resumes_at)
        while entry.open:
            outcome = self._steps(entry)[entry.state](entry)
            if isinstance(outcome, Pause):
                return RotationStatus(self._ledger.entry(entry.id), outcome)
            entry = self._context.report(outcome)
        return RotationStatus(entry)

    def abort(self, entry: LedgerEntry) -> RotationStatus:
        """Abort before the swap. Raises UsageError where it is only safe to continue."""
        return RotationStatus(rollback.abort(self._context, entry))

    def roll_back(self, entry: LedgerEntry) -> RotationStatus:
        """Put the old key back. Raises UsageError unless it still answers."""
        return RotationStatus(rollback.roll_back(self._context, entry))

    # --- the steps ---

    def _steps(self, entry: LedgerEntry) -> Mapping[State, _Step]:
        common: dict[State, _Step] = {
            State.STAGED: self._verify,
            State.VERIFIED: self._swap,
            State.SWAPPED: self._confirm,
        }
        if entry.compromised:
            return common | {
                State.PLANNED: self._revoke_first,
                State.REVOKED: self._stage,
                State.CONFIRMED: self._finish,
            }
        return common | {
            State.PLANNED: self._stage,
            State.CONFIRMED: self._revoke,
            State.REVOKED: self._finish,
        }

    def _stage(self, entry: LedgerEntry) -> LedgerEntry | Pause:
        """Get the new key and store it durably before anybody uses it."""
        value = self._new_secret(entry)
        if value is None:
            return Pause(Need.SECRET, self._procedure.instructions(entry, minting=True))
        if problem := self._objection(entry, value):
            return Pause(Need.SECRET, (problem,))
        self._register(self._procedure.kind, value.get_secret_value())
        new = self._context.fingerprint(value)
        self._ledger.intend(entry, "stage", fingerprint=new)
        self.store.stage(value, entry.id)
        if self._context.fingerprint_at(Stage.PENDING) != new:
            raise ConflictError(
                "The store did not keep the new key.", "Find out what else writes to it."
            )
        return self._context.advance(entry, new_fingerprint=new)

    def _new_secret(self, entry: LedgerEntry) -> SecretStr | None:
        """The key a person supplied, one staged before a crash, or one that the procedure mints."""
        given, self._supplied = self._supplied.secret, replace(self._supplied, secret=None)
        if given is not None:
            return given
        intent = self._ledger.last_event(entry, "intent", "stage")
        waiting = self.store.read(Stage.PENDING)
        if (
            waiting
            and intent
            and intent.detail["fingerprint"] == self._context.fingerprint(waiting)
        ):
            return waiting
        self._ledger.intend(entry, "mint")
        return self._procedure.mint(entry)

    def _objection(self, entry: LedgerEntry, value: SecretStr) -> str:
        plain = value.get_secret_value()
        if not SAFE_VALUE.fullmatch(plain) or len(plain) < _SHORTEST:
            return "This is not a key: it is too short, or contains characters that no key has."
        if self._context.fingerprint(value) == entry.old_fingerprint:
            return "This is the key in use now. Supply the new one."
        return ""

    def _verify(self, entry: LedgerEntry) -> LedgerEntry | Pause:
        """Probe the new key before anybody depends on it."""
        result = evidence.probe_new_key(self._context, entry, self._supplied)
        return evidence.decide(self._context, entry, "new key verified", result)

    def _swap(self, entry: LedgerEntry) -> LedgerEntry | Pause:
        """Make the new key current in the store and keep the old one."""
        self._ledger.intend(entry, "swap", to=entry.new_fingerprint)
        try:
            self.store.promote(entry.old_fingerprint, entry.new_fingerprint)
        except ConflictError as error:
            result = ProbeResult(ProbeOutcome.UNCLEAR, str(error))
            return evidence.decide(self._context, entry, "swap", result)
        return self._context.advance(entry)

    def _confirm(self, entry: LedgerEntry) -> LedgerEntry | Pause:
        """Collect from every consumer which key it uses."""
        if self._context.fingerprint_at(Stage.CURRENT) != entry.new_fingerprint:
            message = "The new key is no longer current in the store: someone else changed it."
            result = ProbeResult(ProbeOutcome.UNCLEAR, message)
            return evidence.decide(self._context, entry, "store", result)
        return evidence.collect_confirmations(self._context, entry, self._consumers, self._supplied)

    def _revoke(self, entry: LedgerEntry) -> LedgerEntry | Pause:
        """Revoke the old key and prove it dead, with the new one as the control."""
        return self._revoke_and_prove(entry, Stage.PREVIOUS, evidence.DEAD)

    def _revoke_first(self, entry: LedgerEntry) -> LedgerEntry | Pause:
        """Revoke a stolen key before it is replaced: there is no new key to compare it with yet."""
        self._see_alive(entry)
        return self._revoke_and_prove(entry, Stage.CURRENT, evidence.DEAD_IN_GAP)

    def _see_alive(self, entry: LedgerEntry) -> None:
        """Record that the old token still answers, if nothing could show it at the start.

        Only a token answers for itself. Of identity secrets a later list shows which are left, and
        the only one left may be the one that has to stay.
        """
        old = self.store.read(Stage.CURRENT)
        if (
            entry.kind != "access_token"
            or old is None
            or evidence.baseline(self._context, entry).get("alive")
        ):
            return
        result = self._procedure.check_current(old)
        if result.proven:
            self._ledger.prove(entry, evidence.ALIVE, alive=True, **result.detail)

    def _revoke_and_prove(
        self, entry: LedgerEntry, stage: Stage, proof: str
    ) -> LedgerEntry | Pause:
        result = self._revoked(entry, stage)
        return result if isinstance(result, Pause) else self._decide(entry, proof, result)

    def _decide(self, entry: LedgerEntry, proof: str, result: ProbeResult) -> LedgerEntry | Pause:
        return evidence.decide(self._context, entry, proof, result)

    def _revoked(self, entry: LedgerEntry, stage: Stage) -> ProbeResult | Pause:
        """Probe the old key; revoke it where it is alive or nothing shows that it was revoked."""
        result = evidence.probe_old_key(self._context, entry, self._supplied, stage=stage)
        if result.outcome is not ProbeOutcome.NOT_YET:
            return result
        self._ledger.intend(entry, "withdraw")
        done = self._procedure.revoke(entry, evidence.baseline(self._context, entry))
        if done is None:
            lines = self._procedure.instructions(entry, minting=False)
            return evidence.wait_for_person(result, lines)
        evidence.record(self._context, entry, evidence.WITHDRAWN, done)
        if not done.proven:
            return done
        return evidence.probe_old_key(self._context, entry, self._supplied, stage=stage)

    def _finish(self, entry: LedgerEntry) -> LedgerEntry | Pause:
        """Delete the dead key, which the ledger has to hold a proof of, with a control."""
        if not evidence.is_proven(self._context, entry, evidence.DEAD):
            result = self._revoked(entry, Stage.PREVIOUS)
            if isinstance(result, Pause):
                return result
            if not result.proven:
                return self._decide(entry, evidence.DEAD, result)
            evidence.record(self._context, entry, evidence.DEAD, result)
        self._ledger.intend(entry, "delete the old key")
        self.store.discard(Stage.PREVIOUS)
        self.store.discard(Stage.PENDING)
        return self._context.advance(entry)


def _demand_proven(result: ProbeResult) -> None:
    """A rotation starts only if the key in use is shown to work."""
    if result.outcome is ProbeOutcome.TRY_AGAIN:
        raise UnreachableError(
            f"The key in use can't be checked now. {result.message}",
            "Nothing was started. Try again in a few minutes.",
        )
    if not result.proven:
        raise UsageError(
            f"The key in use can't be verified: {result.message}",
            "Fix that first. If the key is dead or stolen, use --compromised.",
        )
