"""The action of step 03: a whole rotation in the sandbox; on a real profile, resume open ones.

It is off unless the policy turns `acts.rotation` on. On a real profile it starts no new rotation: a
person does (`runbook rotate`), since only a person can create the new key.
"""

from __future__ import annotations

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Cause, Unavailable
from helpers.rotation.context import Need, RotationStatus
from helpers.rotation.ledger import LedgerEvent
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.records import Proof, RehearsedStep, RotationRehearsal
from helpers.rotation.rehearsal import REHEARSED, rehearsal_session
from helpers.rotation.session import RotationSession, open_ledger, open_session
from helpers.rotation.transitions import Mode, State

__all__ = ["act", "rehearse"]

_PROOFS = {
    State.PLANNED: "the old key answers 200; the store can be written",
    State.STAGED: "the store holds the new key, read back by fingerprint",
    State.VERIFIED: "200 on GET /me, same workspace and region, no more scopes",
    State.SWAPPED: "the new fingerprint is current in the store",
    State.CONFIRMED: "every consumer reports the new fingerprint",
    State.REVOKED: "the old key answers 401 twice, the new one 200",
    State.DONE: "the old key is deleted",
}


def act(context: Context) -> RotationRehearsal | Unavailable:
    """Rehearse in the sandbox; elsewhere resume open rotations, if the policy allows it."""
    if not context.policy.acts.rotation:
        return _off("The policy keeps rotations off here (acts.rotation).")
    if context.hub:
        return rehearse(context)
    return _off(_resume_open(context) + " Rehearsals run in the sandbox only.")


def rehearse(context: Context, mode: Mode = Mode.OVERLAP) -> RotationRehearsal:
    """Rotate a separate key through the developer hub. Touches no other key."""
    with rehearsal_session(context) as session:
        entry = session.engine.start(REHEARSED, mode)
        status = _finish(session, RotationStatus(entry))
        moves = [e for e in session.ledger.events(status.entry) if e.what == "move"]
        proof = session.ledger.last_event(status.entry, "evidence", "old key dead")
    return RotationRehearsal(
        mode=mode,
        steps=tuple(RehearsedStep(state=State(e.name), proof=_proof(e)) for e in moves),
        revocation=_revocation(proof) if proof else None,
        old_fingerprint=status.entry.old_fingerprint,
        new_fingerprint=status.entry.new_fingerprint,
    )


def _finish(session: RotationSession, status: RotationStatus) -> RotationStatus:
    """Run to the end and confirm for the one consumer, which reads the env file."""
    status = session.engine.resume(status.entry)
    if status.pause and status.pause.need is Need.CONFIRMATION:
        names = frozenset(status.pause.attestable)
        status = session.engine.resume(status.entry, OperatorInput(attested=names))
    return status


def _resume_open(context: Context) -> str:
    """Resume each open rotation. Returns the new states in sentences."""
    with open_ledger(context) as ledger:
        waiting = [entry.variable for entry in ledger.entries() if entry.open]
    return " ".join(_resume(context, variable) for variable in waiting) or "No rotation is open."


def _resume(context: Context, variable: str) -> str:
    try:
        with open_session(context, variable) as session:
            status = session.engine.resume(session.open_entry())
    except RunbookError as error:
        return f"The rotation of {variable} could not continue: {error}"
    waits = f" and waits: {' '.join(status.pause.lines)}" if status.pause else "."
    return f"{variable} is at {status.entry.state}{waits}"


def _proof(event: LedgerEvent) -> str:
    return _PROOFS.get(State(event.name), str(event.detail.get("reason", "")))


def _revocation(event: LedgerEvent) -> Proof | None:
    detail = event.detail
    if detail.get("outlook", "proven") != "proven":
        return None
    after = tuple(f"{seen['status']} {seen['code']}" for seen in detail["old"])
    return Proof(before=200, after=after, control=detail["control"]["status"])


def _off(reason: str) -> Unavailable:
    return Unavailable(reason=reason, call="rotation", cause=Cause.OFF)
