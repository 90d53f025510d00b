"""What Intercom does with a response, and how fast it wants one: its delivery rules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from helpers.webhooks.records import LatencyBand
from helpers.webhooks.wire import Answer, Kind

__all__ = ["SLOW", "TOO_SLOW", "acted_upon", "band_of", "effect", "figures", "percentile"]

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
    if not answer.accepted:
        return "This delivery has failed: Intercom tries once more after a minute, then gives up."
    if answer.seconds > SLOW:
        return "Delivered, but over 500 ms Intercom lowers the priority of deliveries."
    return "Intercom takes this as delivered."


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile, `share` from 0 to 1. Raises ValueError for no values."""
    if not values:
        raise ValueError("There is nothing to take a percentile of.")
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def band_of(answers: Sequence[Answer]) -> LatencyBand:
    """The band in which the 95th percentile lies. A delivery with no answer counts as too slow."""
    hung = [math.inf for answer in answers if answer.kind is Kind.HUNG]
    seconds = [answer.seconds for answer in answers if answer.kind is Kind.ANSWERED] + hung
    if not seconds:
        return LatencyBand.UNKNOWN
    p95 = percentile(seconds, 0.95)
    if p95 > TOO_SLOW:
        return LatencyBand.TOO_SLOW
    return LatencyBand.SLOW if p95 > SLOW else LatencyBand.FAST


def figures(answers: Sequence[Answer]) -> str:
    """How long genuine deliveries took, in a sentence; an empty text where none was answered.

    For people to read: no result holds a duration, so that equal receivers give equal results.
    """
    seconds = [answer.seconds for answer in answers if answer.kind is Kind.ANSWERED]
    if not seconds:
        return ""
    median, most = percentile(seconds, 0.5), percentile(seconds, 0.95)
    silent = len(answers) - len(seconds)
    return (
        f"Answers to {len(seconds)} genuine deliveries took {_milliseconds(median)} in the median, "
        f"{_milliseconds(most)} at the 95th percentile and {_milliseconds(max(seconds))} at most"
        + (f"; {silent} got none." if silent else ".")
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.1f} s"
