"""The row hash: one value for one row, another for any other row."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from helpers.system.state import row_hash, seal

values = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary()
rows = st.dictionaries(st.text(min_size=1).filter(lambda n: n != "row_hash"), values, max_size=5)


@given(rows)
def test_a_sealed_row_bears_its_own_hash_whatever_the_order_of_columns(row: dict[str, Any]) -> None:
    backwards = dict(reversed(seal(row).items()))
    assert backwards["row_hash"] == row_hash(backwards) == row_hash(row)


@given(rows, rows)
def test_two_different_rows_have_different_hashes(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (row_hash(one) == row_hash(other)) == (one == other)


def test_bytes_and_their_hexadecimal_text_are_told_apart() -> None:
    assert row_hash({"x": b"\x01"}) != row_hash({"x": "01"})
