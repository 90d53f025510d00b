"""What Intercom does with a response, and how fast it wants one: its delivery rules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from helpers.webhooks.records import LatencyBand
from helpers.webhooks.wire import ReceiverResponse, ResponseKind

__all__ = ["SLOW", "TOO_SLOW", "band_of", "effect", "latency_summary", "percentile", "side_effect"]

SLOW: Final = 0.5  # seconds; over it, Intercom lowers the priority of deliveries
TOO_SLOW: Final = 5.0  # seconds; over it, a delivery has failed
_STATUSES: Final[Mapping[int, str]] = {
    410: "disables the subscription",
    429: "throttles deliveries",
}


def side_effect(response: ReceiverResponse) -> str:
    """What a status does besides failing the delivery; empty if it does nothing."""
    if response.status in _STATUSES:
        return f"{response.status}, which {_STATUSES[response.status]}"
    if 300 <= response.status < 400:  # noqa: PLR2004 (3xx)
        return f"{response.status}, which is not a success"
    return ""


def effect(response: ReceiverResponse) -> str:
    """What happens to a genuine delivery with this response, in a sentence."""
    if response.kind is ResponseKind.HUNG or response.seconds > TOO_SLOW:
        return "Intercom waits 5 s: this delivery failed, and Intercom retries once after a minute."
    special = side_effect(response)
    if special:
        return f"Intercom gets {special}."
    if not response.accepted:
        return "This delivery failed: Intercom retries once after a minute, then gives up."
    if response.seconds > SLOW:
        return "Delivered, but over 500 ms Intercom lowers the priority of deliveries."
    return "Intercom counts this as delivered."


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile, `share` from 0 to 1. Raises ValueError for no values."""
    if not values:
        raise ValueError("A percentile needs at least one value.")
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def band_of(responses: Sequence[ReceiverResponse]) -> LatencyBand:
    """The band of the 95th percentile. A delivery without a response counts as too slow."""
    hung = [math.inf for response in responses if response.kind is ResponseKind.HUNG]
    seconds = [
        response.seconds for response in responses if response.kind is ResponseKind.ANSWERED
    ] + hung
    if not seconds:
        return LatencyBand.UNKNOWN
    p95 = percentile(seconds, 0.95)
    if p95 > TOO_SLOW:
        return LatencyBand.TOO_SLOW
    return LatencyBand.SLOW if p95 > SLOW else LatencyBand.FAST


def latency_summary(responses: Sequence[ReceiverResponse]) -> str:
    """How long genuine deliveries took, in a sentence; empty if none was answered.

    For people only: results contain no duration, so that equal receivers give equal results.
    """
    seconds = [response.seconds for response in responses if response.kind is ResponseKind.ANSWERED]
    if not seconds:
        return ""
    median, most = percentile(seconds, 0.5), percentile(seconds, 0.95)
    silent = len(responses) - len(seconds)
    return (
        f"Answers to {len(seconds)} genuine deliveries took {_milliseconds(median)} (median), "
        f"{_milliseconds(most)} (95th percentile) and at most {_milliseconds(max(seconds))}"
        + (f"; {silent} got no response." if silent else ".")
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.1f} s"
