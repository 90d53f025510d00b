"""What the notebook and the report show of the rotation step."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from markupsafe import Markup

from helpers.core.model import Datum, Unavailable
from helpers.core.view import View, canvas, picture, prose, stack, table
from helpers.rotation.records import KeyAge, RotationFacts, RotationRecord, RotationRehearsal
from helpers.rotation.transitions import ORDER, Mode, State

__all__ = ["action", "overview", "regenerations", "rotations", "states"]

_EMPTY: Final = "–"
_BOTH_ALIVE: Final = "Both were alive during the overlap."
_BOX, _GAP, _HEIGHT = 104, 16, 30
_REACHED: Final = "#2e7d32"


def _missing(datum: Datum[object]) -> View:
    reason = datum.reason if isinstance(datum, Unavailable) else ""
    return prose(f"Not checked: {reason}")


def overview(facts: RotationFacts) -> View:
    """Every key, when it was created, and how that is known."""
    if isinstance(facts.keys, Unavailable):
        return _missing(facts.keys)
    rows = [(k.variable, k.fingerprint, _since(k), str(k.known_by)) for k in facts.keys.value]
    columns = ("key", "fingerprint", "created", "known by")
    return table(columns, rows, empty="No key is configured.")


def _since(key: KeyAge) -> str:
    return f"{'' if key.exact else 'before or on '}{key.since:%Y-%m-%d}"


def regenerations(facts: RotationFacts) -> View:
    """The new keys in Intercom's log, and whether the ledger holds a rotation for each."""
    if isinstance(facts.regenerations, Unavailable):
        return _missing(facts.regenerations)
    rows = [
        (
            f"{row.at:%Y-%m-%d %H:%M}",
            row.description or row.activity_type,
            row.by or _EMPTY,
            "yes" if row.recorded else "NO",
        )
        for row in reversed(facts.regenerations.value)
    ]
    columns = ("when (UTC)", "what Intercom's log says", "by", "in the ledger")
    return table(columns, rows, empty="Intercom's log has no new key in the last 400 days.")


def rotations(facts: RotationFacts) -> View:
    """The ledger: every rotation and its state."""
    if isinstance(facts.rotations, Unavailable):
        return _missing(facts.rotations)
    rows = [_row(rotation) for rotation in facts.rotations.value]
    columns = ("key", "mode", "started", "by", "state")
    return table(columns, rows, empty="The ledger holds no rotation yet.")


def _row(rotation: RotationRecord) -> tuple[str, ...]:
    how = "compromised" if rotation.compromised else str(rotation.mode)
    stands = f"{rotation.state}: {rotation.reason}" if rotation.reason else str(rotation.state)
    return (rotation.variable, how, f"{rotation.opened_at:%Y-%m-%d}", rotation.actor, stands)


def action(rehearsal: RotationRehearsal) -> View:
    """A rehearsal: the states that it reached, and the proof of each."""
    reached = {step.state for step in rehearsal.steps}
    rows = [(str(step.state), step.proof) for step in rehearsal.steps]
    proofs = table(("state", "proof"), rows, empty="No state was reached.")
    return stack(chain(reached, compromised=False), proofs, _end(rehearsal))


def _end(rehearsal: RotationRehearsal) -> View:
    if rehearsal.revocation is None:
        return prose("The old key is not proven dead: it still counts as alive.")
    after = ", ".join(rehearsal.revocation.after)
    return prose(
        f"The old key ({rehearsal.old_fingerprint}) answered {rehearsal.revocation.before} at the "
        f"start and {after} at the end, the new one ({rehearsal.new_fingerprint}) "
        f"{rehearsal.revocation.control} in between. "
        f"{_BOTH_ALIVE if rehearsal.mode is Mode.OVERLAP else ''}".rstrip()
    )


def states(facts: RotationFacts) -> View:
    """The states of a planned rotation, and those of a compromised key."""
    del facts  # the states are the same for every workspace
    return stack(
        prose("Planned: replace first, revoke last."),
        chain((), compromised=False),
        prose("Compromised: revoke first; a gap without a live key is allowed."),
        chain((), compromised=True),
    )


def chain(reached: Collection[State], *, compromised: bool) -> View:
    """The states in order, with those reached filled."""
    order = ORDER[compromised]
    boxes = Markup("").join(_box(i, s, reached=s in reached) for i, s in enumerate(order))
    width = len(order) * (_BOX + _GAP) - _GAP + 2
    label = " → ".join(order)
    return picture(canvas(width, _HEIGHT + 2, label, boxes), label)


def _box(number: int, state: State, *, reached: bool) -> Markup:
    x = number * (_BOX + _GAP) + 1
    arrow = Markup("")
    if number:
        arrow = Markup('<path class="line" d="M{} {}h{}m-4 -3l4 3l-4 3"/>').format(
            x - _GAP + 2, _HEIGHT / 2 + 1, _GAP - 4
        )
    fill = Markup(' style="fill:{}"').format(_REACHED) if reached else ""
    return arrow + Markup(
        '<rect class="line" x="{}" y="1" width="{}" height="{}" rx="5"{}/>'
        '<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>'
    ).format(
        *(x, _BOX, _HEIGHT, fill),
        *("onfill" if reached else "", x + _BOX / 2, _HEIGHT / 2 + 5, str(state)),
    )
