"""How fast genuine deliveries are answered, by Intercom's delivery rules."""

from __future__ import annotations

import math
from collections.abc import Sequence

from helpers.webhooks.answers import Answer, Kind
from helpers.webhooks.effects import SLOW, TOO_SLOW
from helpers.webhooks.records import LatencyBand

__all__ = ["band_of", "figures", "percentile"]


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
