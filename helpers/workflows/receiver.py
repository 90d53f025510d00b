"""A webhook receiver shows how far the rotation of its client secret is, in a person's place.

Crosses from rotation to webhooks. While both secrets are in the store, the battery tries the
receiver with both: accepted is what its consumer would be vouched for, refused afterwards is what
proves the old secret useless. That Intercom signs with the new one only a delivery of Intercom's
can show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from helpers.rotation.client_secret import OLD_REFUSED
from helpers.rotation.procedures import Offer
from helpers.rotation.standing import Need, Pause, Standing
from helpers.rotation.transitions import State
from helpers.webhooks.records import BatteryResult, CaseOutcome
from helpers.workflows.overlap import try_overlap

if TYPE_CHECKING:
    from helpers.core.context import Context
    from helpers.rotation.guide import Guide

__all__ = ["go_on"]

_ACCEPTED: Final = "it accepted both secrets"
_REFUSED: Final = "it refused the old secret"
_SHOWS: Final[Mapping[State, str]] = {State.SWAPPED: _ACCEPTED, State.CONFIRMED: _REFUSED}


def go_on(context: Context, guide: Guide, url: str, *, consent: bool = False) -> Standing:
    """Go on with the open rotation as far as this receiver can show.

    It stands for one consumer: where several are to be vouched for, a person has to. Raises
    UsageError for a receiver that can't be tried, and StoreError.
    """
    standing = guide.go_on()
    name, state = _asked(standing), standing.entry.state
    if not name:
        return standing
    revoked = state is State.CONFIRMED
    result = try_overlap(context, url=url, revoked=revoked, consent=consent)
    if wrong := _wrong(result):
        return Standing(standing.entry, Pause(Need.CLICK, wrong))
    return guide.go_on(Offer(shown={name: f"{result.receiver}: {_SHOWS[state]}"}))


def _asked(standing: Standing) -> str:
    """What the receiver can show here: the one consumer's name, or that the old one is refused."""
    vouch = standing.pause.vouch if standing.pause else ()
    if standing.entry.state is State.SWAPPED and len(vouch) == 1:
        return vouch[0]
    proves = standing.entry.state is State.CONFIRMED and not standing.entry.compromised
    return OLD_REFUSED if proves and vouch == (OLD_REFUSED,) else ""


def _wrong(result: BatteryResult) -> tuple[str, ...]:
    """What the receiver did wrong, a line a case; nothing where it did as it should."""
    bad = [c for c in result.cases if c.outcome in (CaseOutcome.FAIL, CaseOutcome.INCONCLUSIVE)]
    lines = tuple(f"{case.id} {case.title}: {case.observed}" for case in bad)
    if not lines and not result.count(CaseOutcome.PASS):
        return ("The receiver was not reached.",)
    return lines and (f"{result.receiver} does not show it yet:", *lines)
