"""How fast genuine deliveries are answered, by Intercom's delivery rules."""

from __future__ import annotations

import math
from collections.abc import Sequence

from helpers.webhooks.effects import SLOW, TOO_SLOW
from helpers.webhooks.records import LatencyBand
from helpers.webhooks.wire import Answer, Kind

__all__ = ["band_of", "percentile"]


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
