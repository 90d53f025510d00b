"""Spans of bytes, and whether another one touches any of them; fast for many thousands."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

__all__ = ["Spans"]


class Spans:
    """Half-open spans, kept sorted and joined where they overlap."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, spans: Iterable[tuple[int, int]]) -> None:
        """Add some more."""
        merged: list[list[int]] = []
        for start, end in sorted([*zip(self._starts, self._ends, strict=True), *spans]):
            if merged and start < merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        self._starts = [start for start, _ in merged]
        self._ends = [end for _, end in merged]

    def touch(self, start: int, end: int) -> bool:
        """Whether a span shares a byte with any."""
        before = bisect_left(self._starts, end) - 1
        return before >= 0 and self._ends[before] > start
