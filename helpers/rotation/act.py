"""What step 03 does: in the sandbox a whole rotation; on a real profile it goes on with open ones.

Off unless the policy turns `acts.rotation` on. On a real profile no new rotation begins here: a
person starts one (`runbook rotate`), since only a person can make the new key.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.context import Context
from helpers.errors import RunbookError
from helpers.intercom.developer_hub import App, DeveloperHub
from helpers.model import Cause, Unavailable
from helpers.rotation.engine import Need, Standing
from helpers.rotation.hub_hand import HubHand
from helpers.rotation.ledger import Event
from helpers.rotation.procedures import Offer
from helpers.rotation.records import Proof, RehearsedStep, RotationRehearsal
from helpers.rotation.stores.envfile import EnvFileStore
from helpers.rotation.transitions import Mode, State
from helpers.rotation.workshop import Workshop, ledger_of, workshop

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["act", "rehearse"]

_VARIABLE = "INTERCOM_ACCESS_TOKEN"
_APP = "Rotation rehearsal"
_SCOPES = ("read_single_admin", "read_admins", "read_tags")
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
    hub = DeveloperHub(context.hub)
    app = hub.app_named(_APP) or hub.create_app(_APP, _SCOPES)
    store = EnvFileStore(_env_file(context.state, app), _VARIABLE, "access_token")
    with workshop(context, _VARIABLE, store=store, hand=HubHand(hub)) as shop:
        context.redactor.register("access_token", app.access_token.get_secret_value())
        entry = shop.engine.start(_VARIABLE, mode)
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
        names = frozenset(shop.engine.consumers)
        standing = shop.engine.resume(standing.entry, Offer(attested=names))
    return standing


def _go_on(context: Context) -> str:
    with ledger_of(context) as ledger:
        waiting = [entry for entry in ledger.entries() if entry.open]
    for entry in waiting:
        try:
            with workshop(context, entry.variable) as shop:
                shop.engine.resume(shop.open_entry())
        except RunbookError as error:
            return f"The rotation of {entry.variable} could not go on: {error}"
    return f"Went on with {len(waiting)} open rotation(s)."


def _env_file(state: Path, app: App) -> Path:
    """An env file of the rehearsal's own."""
    path = state / "rehearsal" / ".env"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{_VARIABLE}={_plain(app.access_token)}\n")
    return path


def _plain(secret: SecretStr) -> str:
    return secret.get_secret_value()


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
