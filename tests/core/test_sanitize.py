"""Text from outside: nothing of it moves the cursor, hides, or reverses a line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.redaction import sanitize
from helpers.core.view import table


@given(st.text())
def test_nothing_that_controls_is_left(text: str) -> None:
    said = sanitize(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in said)
    assert not any(unicodedata.bidirectional(c) in BIDI for c in said)


@given(st.text())
def test_seen_twice_is_seen_once(text: str) -> None:
    assert sanitize(sanitize(text)) == sanitize(text)


@pytest.mark.parametrize("text", ["Grüße", "日本語", "می‌خواهم", "👩‍💻", "a/b c"])
def test_ordinary_text_stays(text: str) -> None:
    assert sanitize(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\nb", "a b"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egnp", "\\u202egnp"),
        ("a\u200bb", "a\\u200bb"),
        ("\udc80", "\\udc80"),
    ],
)
def test_what_is_not_seen_is_spelled_out(text: str, said: str) -> None:
    assert sanitize(text) == said


BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_a_long_table_shows_its_first_rows_and_counts_the_rest():
    shown = table(("id",), ((n,) for n in range(100_000)), empty="")
    assert "… and 99,000 more, which are not shown here." in shown.text
    assert "… and 99,000 more" in shown.html
    assert shown.text.count("\n") < 1010


def test_a_long_cell_is_cut():
    shown = table(("name",), [("x" * 1_000_000,)], empty="")
    assert len(shown.html) < 5000
    assert "…" in shown.text
