"""Test a webhook receiver during the rotation of its client secret, instead of asking a person.

While the store holds both secrets, the battery signs with both. A receiver that accepts both is
confirmed as a consumer; one that later refuses the old secret proves it useless. Only a delivery
from Intercom can show that Intercom signs with the new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from helpers.rotation.client_secret import OLD_REFUSED
from helpers.rotation.context import Need, Pause, RotationStatus
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.transitions import State
from helpers.webhooks.records import BatteryResult, CaseOutcome
from helpers.workflows.overlap import try_overlap

if TYPE_CHECKING:
    from helpers.core.context import Context
    from helpers.rotation.guide import Guide

__all__ = ["resume_with_receiver"]

_ACCEPTED: Final = "it accepted both secrets"
_REFUSED: Final = "it refused the old secret"
_SHOWS: Final[Mapping[State, str]] = {State.SWAPPED: _ACCEPTED, State.CONFIRMED: _REFUSED}


def resume_with_receiver(
    context: Context, guide: Guide, url: str, *, consent: bool = False
) -> RotationStatus:
    """Resume the open rotation with what this receiver shows.

    The receiver counts as one consumer: a person has to confirm where there are several. Raises
    UsageError for a receiver that can't be tested, and StoreError.
    """
    status = guide.resume()
    name, state = _asked(status), status.entry.state
    if not name:
        return status
    revoked = state is State.CONFIRMED
    result = try_overlap(context, url=url, revoked=revoked, consent=consent)
    if wrong := _wrong(result):
        return RotationStatus(status.entry, Pause(Need.CLICK, wrong))
    return guide.resume(OperatorInput(observed={name: f"{result.receiver}: {_SHOWS[state]}"}))


def _asked(status: RotationStatus) -> str:
    """What the receiver can show here: its consumer's name, or that it refuses the old secret."""
    names = status.pause.attestable if status.pause else ()
    if status.entry.state is State.SWAPPED and len(names) == 1:
        return names[0]
    proves = status.entry.state is State.CONFIRMED and not status.entry.compromised
    return OLD_REFUSED if proves and names == (OLD_REFUSED,) else ""


def _wrong(result: BatteryResult) -> tuple[str, ...]:
    """What the receiver did wrong, one line for each case; empty where it was correct."""
    bad = [c for c in result.cases if c.outcome in (CaseOutcome.FAIL, CaseOutcome.INCONCLUSIVE)]
    lines = tuple(f"{case.id} {case.title}: {case.observed}" for case in bad)
    if not lines and not result.count(CaseOutcome.PASS):
        return ("The receiver was not reached.",)
    return lines and (f"{result.receiver} does not show it yet:", *lines)
