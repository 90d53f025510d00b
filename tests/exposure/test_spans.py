"""Spans agree with the plain definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpers.exposure.spans import Spans

SPAN = st.tuples(st.integers(0, 50), st.integers(1, 9)).map(lambda s: (s[0], s[0] + s[1]))


@given(st.lists(SPAN), st.lists(SPAN), SPAN)
def test_a_span_touches_what_shares_a_byte_with_it(
    some: list[tuple[int, int]], more: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    spans = Spans()
    spans.add(some)
    spans.add(more)
    expected = any(start < asked[1] and asked[0] < end for start, end in some + more)
    assert spans.touch(*asked) == expected
