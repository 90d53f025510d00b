"""What step 03 does: in the sandbox a whole rotation; on a real profile it goes on with open ones.

Off unless the policy turns `acts.rotation` on. On a real profile no new rotation begins here: a
person starts one (`runbook rotate`), since only a person can make the new key.
"""

from __future__ import annotations

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Cause, Unavailable
from helpers.rotation.ledger import Event
from helpers.rotation.procedures import Offer
from helpers.rotation.records import Proof, RehearsedStep, RotationRehearsal
from helpers.rotation.rehearsal import REHEARSED, rehearsal_shop
from helpers.rotation.standing import Need, Standing
from helpers.rotation.transitions import Mode, State
from helpers.rotation.workshop import Workshop, ledger_of, workshop

__all__ = ["act", "rehearse"]

_PROOFS = {
    State.PLANNED: "the old key answers 200; the store can be written",
    State.STAGED: "the new key lies in the store, read back by fingerprint",
    State.VERIFIED: "200 on GET /me, same workspace and region, no scope more",
    State.SWAPPED: "the store gives out the new fingerprint",
    State.CONFIRMED: "every consumer reports the new fingerprint",
    State.REVOKED: "the old key answers 401 twice, the new one 200",
    State.DONE: "the old key is deleted",
}


def act(context: Context) -> RotationRehearsal | Unavailable:
    """Rehearse in the sandbox; elsewhere go on with what is open, if the policy says so."""
    if not context.policy.acts.rotation:
        return _off("The policy keeps rotations off here (acts.rotation).")
    if context.hub:
        return rehearse(context)
    return _off(_go_on(context) + " A rehearsal runs in the sandbox alone.")


def rehearse(context: Context, mode: Mode = Mode.OVERLAP) -> RotationRehearsal:
    """A whole rotation of a key of its own, through the developer hub. Touches no other key."""
    with rehearsal_shop(context) as shop:
        entry = shop.engine.start(REHEARSED, mode)
        standing = _carry_on(shop, Standing(entry))
        moves = [e for e in shop.ledger.events(standing.entry) if e.what == "move"]
        proof = shop.ledger.last(standing.entry, "evidence", "old key dead")
    return RotationRehearsal(
        mode=mode,
        steps=tuple(RehearsedStep(state=State(e.name), proof=_proof(e)) for e in moves),
        revocation=_revocation(proof) if proof else None,
        old_fingerprint=standing.entry.old_fingerprint,
        new_fingerprint=standing.entry.new_fingerprint,
    )


def _carry_on(shop: Workshop, standing: Standing) -> Standing:
    """The rehearsal's consumers are one person, who sees the fingerprint in the env file."""
    standing = shop.engine.resume(standing.entry)
    if standing.pause and standing.pause.need is Need.CONFIRMATION:
        names = frozenset(standing.pause.vouch)
        standing = shop.engine.resume(standing.entry, Offer(attested=names))
    return standing


def _go_on(context: Context) -> str:
    """Go on with each open rotation; where they stand now, in sentences."""
    with ledger_of(context) as ledger:
        waiting = [entry.variable for entry in ledger.entries() if entry.open]
    return " ".join(_stands(context, variable) for variable in waiting) or "No rotation is open."


def _stands(context: Context, variable: str) -> str:
    try:
        with workshop(context, variable) as shop:
            standing = shop.engine.resume(shop.open_entry())
    except RunbookError as error:
        return f"The rotation of {variable} could not go on: {error}"
    waits = f" and waits: {' '.join(standing.pause.say)}" if standing.pause else "."
    return f"{variable} stands at {standing.entry.state}{waits}"


def _proof(event: Event) -> str:
    return _PROOFS.get(State(event.name), str(event.detail.get("reason", "")))


def _revocation(event: Event) -> Proof | None:
    detail = event.detail
    if detail.get("outlook", "proven") != "proven":
        return None
    after = tuple(f"{seen['status']} {seen['code']}" for seen in detail["old"])
    return Proof(before=200, after=after, control=detail["control"]["status"])


def _off(reason: str) -> Unavailable:
    return Unavailable(reason=reason, call="rotation", cause=Cause.OFF)
