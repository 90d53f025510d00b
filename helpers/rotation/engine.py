"""The engine: one step after the other, each looking before and after it acts.

An intent is written to the ledger before each effect, the state after it. Whatever a crash leaves
behind, `resume` finds by fingerprints where the work stands and goes on from there. The old secret
stays in the store until it is proven dead; the new one is in the store before it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from helpers.core.errors import UnreachableError, UsageError
from helpers.rotation import exits, proofs
from helpers.rotation.bench import Bench
from helpers.rotation.confirming import hear
from helpers.rotation.consumers import Consumer
from helpers.rotation.ledger import Entry, Ledger
from helpers.rotation.procedures import Offer, Procedure
from helpers.rotation.standing import Need, Pause, Standing
from helpers.rotation.stores.base import ConflictError, SecretStore, Stage
from helpers.rotation.stores.splice import SAFE_VALUE
from helpers.rotation.transitions import Mode, State
from helpers.rotation.verdicts import Outlook, Verdict

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["Engine"]

_SHORTEST = 16
_Step = Callable[[Entry], Entry | Pause]


class Engine:
    """Works on rotations of one secret in one store."""

    def __init__(
        self,
        ledger: Ledger,
        store: SecretStore,
        procedure: Procedure,
        consumers: Sequence[Consumer] = (),
        *,
        tell: Callable[[str], None] = lambda _: None,
        register: Callable[[str, str], None] = lambda _kind, _value: None,
    ) -> None:
        self._bench = Bench(ledger, store, procedure, tell)
        self._ledger = ledger
        self.store = store
        self._procedure = procedure
        self._consumers = tuple(consumers) or (Consumer("readers"),)
        self._register = register  # with the redactor, before a secret goes anywhere
        self._offer = Offer()

    # --- begin, go on, give up ---

    def preflight(self, *, compromised: bool = False) -> tuple[SecretStr, Verdict]:
        """The key in use and what it answers; raises where a rotation could not work."""
        self.store.doctor()
        current = self.store.read(Stage.CURRENT)
        if current is None:
            raise UsageError(f"{self.store.label} holds nothing.", "Set it with `runbook init`.")
        if self.store.read(Stage.PENDING) is not None:
            raise ConflictError(
                f"A pending secret waits in {self.store.label}, of no rotation that is open here.",
                "Another machine may be rotating it. If none is, delete the pending value.",
            )
        verdict = self._procedure.before(current)
        if not compromised:
            _demand_proven(verdict)
        return current, verdict

    def start(self, variable: str, mode: Mode, *, compromised: bool = False) -> Entry:
        """Check all that can be, then open a rotation. Raises LockedError if one is open."""
        current, verdict = self.preflight(compromised=compromised)
        gap = {"gap": {"allowed": "without a live key"}} if compromised else {}
        entry = self._ledger.open(
            variable=variable,
            kind=self._procedure.kind,
            mode=mode,
            store=self.store.label,
            old_fingerprint=self._bench.mark(current),
            compromised=compromised,
            evidence={proofs.ALIVE: {"alive": verdict.proven, **verdict.detail}} | gap,
        )
        return self._bench.say(entry)

    def resume(self, entry: Entry, offer: Offer | None = None) -> Standing:
        """Go on as far as it goes; may be repeated at any time."""
        self._offer = offer or Offer()
        if ended := exits.finish(self._bench, entry):
            return Standing(ended)
        if entry.state is State.NEEDS_HUMAN:
            entry = self._ledger.move(entry, entry.at)
        while entry.open:
            came = self._steps(entry)[entry.state](entry)
            if isinstance(came, Pause):
                return Standing(self._ledger.entry(entry.id), came)
            entry = self._bench.say(came)
        return Standing(entry)

    def abort(self, entry: Entry) -> Standing:
        """Give up before the swap. Refused (UsageError) where only the way forward is safe."""
        return Standing(exits.abort(self._bench, entry))

    def roll_back(self, entry: Entry) -> Standing:
        """Put the old key back, only while it still answers (else UsageError)."""
        return Standing(exits.roll_back(self._bench, entry))

    # --- the steps ---

    def _steps(self, entry: Entry) -> Mapping[State, _Step]:
        common: dict[State, _Step] = {
            State.STAGED: self._verify,
            State.VERIFIED: self._swap,
            State.SWAPPED: self._confirm,
        }
        if entry.compromised:
            return common | {
                State.PLANNED: self._revoke_first,
                State.REVOKED: self._stage,
                State.CONFIRMED: self._finish_proven,
            }
        return common | {
            State.PLANNED: self._stage,
            State.CONFIRMED: self._revoke,
            State.REVOKED: self._finish,
        }

    def _stage(self, entry: Entry) -> Entry | Pause:
        """Get the new key and keep it durably, before anybody uses it."""
        value = self._new_secret(entry)
        if value is None:
            return Pause(Need.SECRET, self._procedure.told(entry, minting=True))
        if problem := self._unfit(entry, value):
            return Pause(Need.SECRET, (problem,))
        self._register(self._procedure.kind, value.get_secret_value())
        mark = self._bench.mark(value)
        self._ledger.intend(entry, "stage", fingerprint=mark)
        self.store.stage(value, entry.id)
        if self._bench.at(Stage.PENDING) != mark:
            raise ConflictError("The store did not keep the new key.", "Look what else writes it.")
        return self._bench.on(entry, new_fingerprint=mark)

    def _new_secret(self, entry: Entry) -> SecretStr | None:
        """What a person brought, what was kept before a crash, or what can be made without one."""
        offered, self._offer = self._offer.secret, replace(self._offer, secret=None)
        if offered is not None:
            return offered
        intent = self._ledger.last(entry, "intent", "stage")
        waiting = self.store.read(Stage.PENDING)
        if waiting and intent and intent.detail["fingerprint"] == self._bench.mark(waiting):
            return waiting
        self._ledger.intend(entry, "mint")
        return self._procedure.mint(entry)

    def _unfit(self, entry: Entry, value: SecretStr) -> str:
        plain = value.get_secret_value()
        if not SAFE_VALUE.fullmatch(plain) or len(plain) < _SHORTEST:
            return "This is no key: it is too short, or holds characters that no key has."
        if self._bench.mark(value) == entry.old_fingerprint:
            return "This is the key that is in use now. Bring the new one."
        return ""

    def _verify(self, entry: Entry) -> Entry | Pause:
        """Try the new key before anybody depends on it."""
        verdict = proofs.look_at_new(self._bench, entry, self._offer)
        return proofs.decide(self._bench, entry, "new key verified", verdict)

    def _swap(self, entry: Entry) -> Entry | Pause:
        """Let the store give out the new key and keep the old one."""
        self._ledger.intend(entry, "swap", to=entry.new_fingerprint)
        try:
            self.store.promote(entry.old_fingerprint, entry.new_fingerprint)
        except ConflictError as error:
            verdict = Verdict(Outlook.UNCLEAR, str(error))
            return proofs.decide(self._bench, entry, "swap", verdict)
        return self._bench.on(entry)

    def _confirm(self, entry: Entry) -> Entry | Pause:
        """Hear from every consumer which key it uses."""
        if self._bench.at(Stage.CURRENT) != entry.new_fingerprint:
            say = "The store no longer gives out the new key: someone else changed it."
            verdict = Verdict(Outlook.UNCLEAR, say)
            return proofs.decide(self._bench, entry, "store", verdict)
        return hear(self._bench, entry, self._consumers, self._offer)

    def _revoke(self, entry: Entry) -> Entry | Pause:
        """Have the old key withdrawn, and prove it dead with the new one beside it."""
        return self._withdraw(entry, Stage.PREVIOUS, proofs.DEAD)

    def _revoke_first(self, entry: Entry) -> Entry | Pause:
        """A stolen key dies before it is replaced; there is no new one yet to compare with."""
        return self._withdraw(entry, Stage.CURRENT, f"{proofs.DEAD}, without a control")

    def _withdraw(self, entry: Entry, stage: Stage, proof: str) -> Entry | Pause:
        verdict = proofs.look_at_old(self._bench, entry, self._offer, stage=stage)
        if verdict.outlook is Outlook.NOT_YET:
            self._ledger.intend(entry, "withdraw")
            before = proofs.seen_before(self._bench, entry)
            if not self._procedure.withdraw(entry, before):
                told = self._procedure.told(entry, minting=False)
                return proofs.wait_for_click(verdict, told)
            verdict = proofs.look_at_old(self._bench, entry, self._offer, stage=stage)
        return proofs.decide(self._bench, entry, proof, verdict)

    def _finish_proven(self, entry: Entry) -> Entry | Pause:
        """The proof again, now with the new key beside it; then the end."""
        if not proofs.is_proven(self._bench, entry, proofs.DEAD):
            verdict = proofs.look_at_old(self._bench, entry, self._offer)
            if not verdict.proven:
                return proofs.decide(self._bench, entry, proofs.DEAD, verdict)
            proofs.record(self._bench, entry, proofs.DEAD, verdict)
        return self._finish(entry)

    def _finish(self, entry: Entry) -> Entry | Pause:
        """Delete the dead key."""
        self._ledger.intend(entry, "delete the old key")
        self.store.discard(Stage.PREVIOUS)
        self.store.discard(Stage.PENDING)
        return self._bench.on(entry)


def _demand_proven(verdict: Verdict) -> None:
    """Nothing begins with a key in use that can't be shown to work."""
    if verdict.outlook is Outlook.TRY_AGAIN:
        raise UnreachableError(
            f"The key in use can't be tried now. {verdict.say}",
            "Nothing was begun; begin again in a few minutes.",
        )
    if not verdict.proven:
        raise UsageError(
            f"The key in use can't be verified: {verdict.say}",
            "Mend that first; if the key is dead or stolen, use --compromised.",
        )
