"""How fast deliveries are answered, by Intercom's bands and in figures for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.webhooks.delivery_rules import band_of, latency_summary, percentile
from helpers.webhooks.records import LatencyBand
from helpers.webhooks.wire import ReceiverResponse, ResponseKind

HUNG = ReceiverResponse(ResponseKind.HUNG, seconds=8.0)


def answered(*seconds: float) -> list[ReceiverResponse]:
    return [ReceiverResponse(ResponseKind.ANSWERED, status=200, seconds=each) for each in seconds]


@pytest.mark.parametrize(
    ("answers", "band"),
    [
        ([], LatencyBand.UNKNOWN),
        ([ReceiverResponse(ResponseKind.CLOSED)], LatencyBand.UNKNOWN),
        (answered(0.5), LatencyBand.FAST),
        (answered(0.501), LatencyBand.SLOW),
        (answered(5.0), LatencyBand.SLOW),
        (answered(5.001), LatencyBand.TOO_SLOW),
        ([HUNG], LatencyBand.TOO_SLOW),
        ([*answered(0.1, 0.1), HUNG], LatencyBand.TOO_SLOW),
        ([*answered(*[0.1] * 19), HUNG], LatencyBand.FAST),  # one in twenty may
    ],
)
def test_the_band_is_that_of_the_95th_percentile(
    answers: list[ReceiverResponse], band: LatencyBand
):
    assert band_of(answers) is band


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1))
def test_a_percentile_is_one_of_the_values(values: list[float], share: float):
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_nothing_has_no_percentile():
    with pytest.raises(ValueError, match="at least one"):
        percentile([], 0.5)


def test_the_summary_says_what_was_timed_and_what_was_not():
    said = latency_summary([*answered(0.002, 0.004, 1.5), HUNG])
    assert said == (
        "Answers to 3 genuine deliveries took 4 ms (median), 1.5 s (95th percentile) "
        "and at most 1.5 s; 1 got no response."
    )


def test_where_nothing_was_answered_there_are_no_figures():
    assert latency_summary([HUNG]) == ""
