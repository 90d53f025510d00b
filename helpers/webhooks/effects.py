"""What Intercom does at an answer, by its documented delivery rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from helpers.webhooks.answers import Answer, Kind
from helpers.webhooks.verdicts import accepted

__all__ = ["SLOW", "TOO_SLOW", "acted_upon", "effect"]

SLOW: Final = 0.5  # seconds; over it, Intercom lowers the priority of deliveries
TOO_SLOW: Final = 5.0  # seconds; over it, a delivery has failed
_STATUSES: Final[Mapping[int, str]] = {
    410: "disables the subscription",
    429: "throttles deliveries",
}


def acted_upon(answer: Answer) -> str:
    """What a status does beside failing the delivery; an empty text where it does nothing."""
    if answer.status in _STATUSES:
        return f"{answer.status}, which {_STATUSES[answer.status]}"
    if 300 <= answer.status < 400:  # noqa: PLR2004 (3xx)
        return f"{answer.status}, which is no success"
    return ""


def effect(answer: Answer) -> str:
    """What becomes of a genuine delivery that is answered so, in a sentence."""
    if answer.kind is Kind.HUNG or answer.seconds > TOO_SLOW:
        return (
            "Intercom waits 5 s: this delivery has failed, and is tried once more after a minute."
        )
    special = acted_upon(answer)
    if special:
        return f"Intercom is answered {special}."
    if not accepted(answer):
        return "This delivery has failed: Intercom tries once more after a minute, then gives up."
    if answer.seconds > SLOW:
        return "Delivered, but over 500 ms Intercom lowers the priority of deliveries."
    return "Intercom takes this as delivered."
