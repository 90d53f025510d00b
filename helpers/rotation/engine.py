"""The engine: one step after the other, each looking before and after it acts.

An intent is written to the ledger before each effect, the state after it. Whatever a crash leaves
behind, `resume` finds by fingerprints where the work stands and goes on from there. The old secret
stays in the store until it is proven dead; the new one is in the store before it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from helpers.errors import UsageError
from helpers.model import fingerprint
from helpers.rotation.consumers import Consumer, reported
from helpers.rotation.ledger import Entry, Ledger
from helpers.rotation.procedures import Offer, Procedure
from helpers.rotation.stores.base import ConflictError, SecretStore, Stage
from helpers.rotation.stores.splice import SAFE_VALUE
from helpers.rotation.transitions import Mode, State, before_staging, next_state
from helpers.rotation.verdicts import Outlook, Verdict

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["Engine", "Need", "Pause", "Standing"]

OLD_KEY = "old key alive"
_SHORTEST = 16


class Need(StrEnum):
    """What a rotation waits for."""

    SECRET = "secret"  # noqa: S105 (a word): a person brings the new key
    CLICK = "click"  # a person withdraws the old key
    CONFIRMATION = "confirmation"  # consumers have to say that they use the new key
    RETRY = "retry"  # the network or Intercom
    DECISION = "decision"  # a person has to look: NEEDS_HUMAN


@dataclass(frozen=True)
class Pause:
    """What is waited for, in lines for a person."""

    need: Need
    say: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """Where a rotation stands after a stretch of work, and what it waits for, if anything."""

    entry: Entry
    pause: Pause | None = None


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
        self._ledger = ledger
        self.store = store
        self._procedure = procedure
        self._consumers = tuple(consumers) or (Consumer("readers"),)
        self._tell = tell
        self._register = register  # with the redactor, before a secret goes anywhere
        self._offer = Offer()

    @property
    def vouchable(self) -> tuple[str, ...]:
        """The consumers that only a person can vouch for."""
        return tuple(c.name for c in self._consumers if c.how == "attested")

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
        if not verdict.proven and not compromised:
            raise UsageError(
                f"The key in use can't be verified: {verdict.say}",
                "Mend that first; if the key is dead or stolen, use --compromised.",
            )
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
            old_fingerprint=self._print(current),
            compromised=compromised,
            evidence={OLD_KEY: {"alive": verdict.proven, **verdict.detail}} | gap,
        )
        self._say(entry)
        return entry

    def resume(self, entry: Entry, offer: Offer | None = None) -> Standing:
        """Go on as far as it goes; may be repeated at any time."""
        self._offer = offer or Offer()
        if ended := self._finish_exit(entry):
            return Standing(ended)
        if entry.state is State.NEEDS_HUMAN:
            entry = self._ledger.move(entry, entry.at)
        while entry.open:
            came = self._steps(entry)[entry.state](entry)
            if isinstance(came, Pause):
                return Standing(self._ledger.entry(entry.id), came)
            entry = came
            self._say(entry)
        return Standing(entry)

    def abort(self, entry: Entry) -> Standing:
        """Give up before the swap. Refused (UsageError) where only the way forward is safe."""
        if entry.at not in (State.PLANNED, State.STAGED, State.VERIFIED):
            raise UsageError(
                f"The rotation stands at {entry.at}: too late to abort.",
                "Go on with --resume, or go back with --roll-back while the old key is alive.",
            )
        if entry.new_fingerprint and self._current() == entry.new_fingerprint:
            raise UsageError("The new key is in use already.", "Go on with --resume.")
        self._demand_old_alive(entry, Stage.CURRENT, "abort")
        self._ledger.intend(entry, "abort")
        return Standing(self._do_abort(entry))

    def roll_back(self, entry: Entry) -> Standing:
        """Put the old key back, only while it still answers."""
        if entry.at not in (State.SWAPPED, State.CONFIRMED) or entry.compromised:
            raise UsageError(
                f"The rotation stands at {entry.at}: there is nothing to roll back.",
                "Give it up with --abort, or go on with --resume.",
            )
        self._demand_old_alive(entry, Stage.PREVIOUS, "roll back")
        self._ledger.intend(entry, "roll back")
        return Standing(self._do_roll_back(entry))

    # --- the steps ---

    def _steps(self, entry: Entry) -> Mapping[State, Callable[[Entry], Entry | Pause]]:
        common = {
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
        mark = self._print(value)
        self._ledger.intend(entry, "stage", fingerprint=mark)
        self.store.stage(value, entry.id)
        if self._at(Stage.PENDING) != mark:
            raise ConflictError("The store did not keep the new key.", "Look what else writes it.")
        return self._on(entry, new_fingerprint=mark)

    def _verify(self, entry: Entry) -> Entry | Pause:
        """Try the new key before anybody depends on it."""
        new = self.store.read(Stage.PENDING)
        if new is None or self._print(new) != entry.new_fingerprint:
            lost = Verdict(Outlook.REFUTED, "The new key is no longer where it was kept.")
            return self._decide(entry, "new key verified", lost)
        known = self._ledger.last(entry, "evidence", OLD_KEY)
        before = known.detail if known and known.detail.get("alive") else {}
        verdict = self._procedure.verify(
            entry, new, self.store.read(Stage.CURRENT), before, self._offer
        )
        return self._decide(entry, "new key verified", verdict)

    def _swap(self, entry: Entry) -> Entry | Pause:
        """Let the store give out the new key and keep the old one."""
        self._ledger.intend(entry, "swap", to=entry.new_fingerprint)
        try:
            self.store.promote(entry.old_fingerprint, entry.new_fingerprint)
        except ConflictError as error:
            return self._decide(entry, "swap", Verdict(Outlook.UNCLEAR, str(error)))
        return self._on(entry)

    def _confirm(self, entry: Entry) -> Entry | Pause:
        """Hear from every consumer which key it uses."""
        if self._current() != entry.new_fingerprint:
            say = "The store no longer gives out the new key: someone else changed it."
            return self._decide(entry, "store", Verdict(Outlook.UNCLEAR, say))
        open_ones = [c for c in self._consumers if not self._confirmed(entry, c)]
        if open_ones:
            return Pause(Need.CONFIRMATION, tuple(self._ask_for(entry, c) for c in open_ones))
        return self._on(entry)

    def _revoke(self, entry: Entry) -> Entry | Pause:
        """Have the old key withdrawn, and prove it."""
        verdict = self._prove_dead(entry, Stage.PREVIOUS, control=True)
        if verdict.outlook is Outlook.NOT_YET:
            self._ledger.intend(entry, "withdraw")
            if not self._procedure.withdraw(entry):
                return Pause(Need.CLICK, self._procedure.told(entry, minting=False))
            verdict = self._prove_dead(entry, Stage.PREVIOUS, control=True)
        return self._decide(entry, "old key dead", verdict)

    def _revoke_first(self, entry: Entry) -> Entry | Pause:
        """A stolen key dies before it is replaced; there is no new one yet to compare with."""
        verdict = self._prove_dead(entry, Stage.CURRENT, control=False)
        if verdict.outlook is Outlook.NOT_YET:
            self._ledger.intend(entry, "withdraw")
            if not self._procedure.withdraw(entry):
                return Pause(Need.CLICK, self._procedure.told(entry, minting=False))
            verdict = self._prove_dead(entry, Stage.CURRENT, control=False)
        return self._decide(entry, "old key dead, without a control", verdict)

    def _finish_proven(self, entry: Entry) -> Entry | Pause:
        """The proof again, now with the new key beside it; then the end.

        Once it is recorded it stands: a crash may have come after the old key was deleted.
        """
        known = self._ledger.last(entry, "evidence", "old key dead")
        if known and known.detail["outlook"] == Outlook.PROVEN:
            return self._finish(entry)
        verdict = self._prove_dead(entry, Stage.PREVIOUS, control=True)
        if not verdict.proven:
            return self._decide(entry, "old key dead", verdict)
        self._ledger.prove(entry, "old key dead", **verdict.detail, outlook=str(verdict.outlook))
        return self._finish(entry)

    def _finish(self, entry: Entry) -> Entry | Pause:
        """Delete the dead key."""
        self._ledger.intend(entry, "delete the old key")
        self.store.discard(Stage.PREVIOUS)
        self.store.discard(Stage.PENDING)
        return self._on(entry)

    # --- parts of steps ---

    def _new_secret(self, entry: Entry) -> SecretStr | None:
        """What a person brought, what was kept before a crash, or what can be made without one."""
        offered, self._offer = self._offer.secret, _without_secret(self._offer)
        if offered is not None:
            return offered
        intent = self._ledger.last(entry, "intent", "stage")
        waiting = self.store.read(Stage.PENDING)
        if waiting and intent and intent.detail["fingerprint"] == self._print(waiting):
            return waiting
        self._ledger.intend(entry, "mint")
        return self._procedure.mint(entry)

    def _unfit(self, entry: Entry, value: SecretStr) -> str:
        plain = value.get_secret_value()
        if not SAFE_VALUE.fullmatch(plain) or len(plain) < _SHORTEST:
            return "This is no key: it is too short, or holds characters that no key has."
        if self._print(value) == entry.old_fingerprint:
            return "This is the key that is in use now. Bring the new one."
        return ""

    def _prove_dead(self, entry: Entry, stage: Stage, *, control: bool) -> Verdict:
        old = self.store.read(stage)
        if old is None or self._print(old) != entry.old_fingerprint:
            return Verdict(Outlook.UNCLEAR, "The old key is no longer in the store to be tried.")
        new = self.store.read(Stage.CURRENT) if control else None
        known = self._ledger.last(entry, "evidence", OLD_KEY)
        seen = bool(known and known.detail.get("alive")) or entry.compromised
        return self._procedure.prove_dead(entry, old, new, seen_alive=seen, offer=self._offer)

    def _confirmed(self, entry: Entry, consumer: Consumer) -> bool:
        wanted = entry.new_fingerprint
        known = self._ledger.last(entry, "confirmation", consumer.name)
        if known and known.detail["fingerprint"] == wanted:
            return True
        by_person = consumer.how == "attested" and consumer.name in self._offer.attested
        if not by_person and wanted not in reported(consumer):
            return False
        self._ledger.confirm(entry, consumer.name, fingerprint=wanted, how=consumer.how)
        return True

    def _ask_for(self, entry: Entry, consumer: Consumer) -> str:
        where = consumer.file or consumer.url
        if where:
            return f"{consumer.name}: {where} does not report {entry.new_fingerprint} yet."
        whom = f"whatever reads {self.store.label}" if consumer.name == "readers" else "it"
        return f"{consumer.name}: see that {whom} uses {entry.new_fingerprint}, then confirm it."

    def _decide(self, entry: Entry, proof: str, verdict: Verdict) -> Entry | Pause:
        """Record what was seen, and go on, wait, or call a person."""
        seen = {**verdict.detail, "outlook": str(verdict.outlook)}
        self._ledger.prove(entry, proof, **seen)
        if verdict.proven:
            return self._on(entry)
        if verdict.outlook is Outlook.TRY_AGAIN:
            return Pause(Need.RETRY, (verdict.say, "Nothing was lost; go on with --resume."))
        if verdict.outlook is Outlook.NOT_YET:
            return Pause(Need.CLICK, (verdict.say,))
        refuted = verdict.outlook is Outlook.REFUTED
        back = before_staging(compromised=entry.compromised) if refuted else entry.state
        self._ledger.move(entry, State.NEEDS_HUMAN, reason=verdict.say, stood_at=back)
        return Pause(Need.DECISION, (verdict.say,))

    def _finish_exit(self, entry: Entry) -> Entry | None:
        """An abort or a roll-back that a crash cut short is finished, not undone."""
        intents = [e.name for e in self._ledger.events(entry) if e.what == "intent"]
        if not entry.open or not intents:
            return None
        if intents[-1] == "abort":
            return self._do_abort(entry)
        return self._do_roll_back(entry) if intents[-1] == "roll back" else None

    def _do_abort(self, entry: Entry) -> Entry:
        self.store.discard(Stage.PENDING)
        return self._say(self._ledger.move(entry, State.ABORTED))

    def _do_roll_back(self, entry: Entry) -> Entry:
        self.store.rollback(entry.new_fingerprint, entry.old_fingerprint)
        return self._say(self._ledger.move(entry, State.ROLLED_BACK))

    def _demand_old_alive(self, entry: Entry, stage: Stage, what: str) -> None:
        old = self.store.read(stage)
        verdict = self._procedure.before(old) if old else None
        asked = verdict is not None and verdict.detail.get("asked", True)
        if not asked and not entry.new_fingerprint:
            return  # it can't be asked, but nobody has brought another one either
        if verdict is None or not verdict.proven or not asked:
            why = verdict.say if verdict else "it is no longer in the store."
            raise UsageError(
                f"Can't {what}: the old key can't be shown to be alive. {why}",
                "The way out is forward: --resume with the new key.",
            )

    def _on(self, entry: Entry, **detail: Any) -> Entry:
        return self._ledger.move(
            entry, next_state(entry.state, compromised=entry.compromised), **detail
        )

    def _current(self) -> str:
        return self._at(Stage.CURRENT)

    def _at(self, stage: Stage) -> str:
        value = self.store.read(stage)
        return self._print(value) if value else ""

    def _print(self, value: SecretStr) -> str:
        return fingerprint(self._procedure.kind, value.get_secret_value())

    def _say(self, entry: Entry) -> Entry:
        self._tell(f"{entry.variable}: {entry.state}")
        return entry


def _without_secret(offer: Offer) -> Offer:
    return Offer(attested=offer.attested, allow_wider=offer.allow_wider, delivery=offer.delivery)
