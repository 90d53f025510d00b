"""A picture of periods: a bar for each thing, from when it came to when it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup

from helpers.core.view import View, canvas, picture

__all__ = ["Period", "periods_picture"]

_WIDTH, _LEFT, _ROW = 760, 250, 26  # pixels
_STAYS: Final = "#dc2626"
_GONE: Final = "#d97706"


@dataclass(frozen=True)
class Period:
    """From when to when something was there (UTC); `end` is None where it still is."""

    label: str
    start: datetime
    end: datetime | None = None


def periods_picture(periods: Sequence[Period], title: str) -> View:
    """A bar for each period, in their order; a bar that reaches the edge has no end.

    Raises ValueError for no periods.
    """
    start = min(one.start for one in periods)
    moments = [one.start for one in periods] + [one.end for one in periods if one.end]
    span = max((max(moments) - start).total_seconds(), 1) * 1.15
    bars = Markup("").join(_bar(i, one, start, span) for i, one in enumerate(periods))
    height = len(periods) * _ROW + 8
    axis, key = _axis(start, span, height), _key(height + 40)
    return picture(canvas(_WIDTH, height + 50, title, axis + bars + key), title)


def _axis(start: datetime, span: float, bottom: int) -> Markup:
    """A line and a date at the start, the end and three places between them."""
    marks = Markup("")
    for quarter in range(5):
        x = _LEFT + (_WIDTH - _LEFT) * quarter // 4
        day = start + timedelta(seconds=span * quarter / 4)
        anchor = "end" if quarter == 4 else "start" if quarter == 0 else "middle"  # noqa: PLR2004
        marks += Markup(
            '<path class="line" d="M{} 0V{}" opacity=".35"/>'
            '<text class="dim" x="{}" y="{}" text-anchor="{}">{}</text>'
        ).format(x, bottom + 2, x, bottom + 16, anchor, f"{day:%Y-%m-%d}")
    return marks


def _key(y: int) -> Markup:
    shown = ((_STAYS, "still there", _LEFT), (_GONE, "removed later", _LEFT + 110))
    return Markup("").join(
        Markup('<rect x="{}" y="{}" width="12" height="12" rx="3" fill="{}"/>').format(
            x, y - 10, colour
        )
        + Markup('<text class="dim" x="{}" y="{}">{}</text>').format(x + 18, y, words)
        for colour, words, x in shown
    )


def _bar(row: int, one: Period, start: datetime, span: float) -> Markup:
    scale = (_WIDTH - _LEFT) / span
    left = _LEFT + round((one.start - start).total_seconds() * scale)
    end = _LEFT + round((one.end - start).total_seconds() * scale) if one.end else _WIDTH
    until = f" to {one.end:%Y-%m-%d}" if one.end else ", still there"
    return Markup(
        '<text x="0" y="{}">{}</text>'
        '<rect x="{}" y="{}" width="{}" height="14" rx="3" fill="{}"><title>{}</title></rect>'
    ).format(
        row * _ROW + 17,
        one.label,
        left,
        row * _ROW + 6,
        max(end - left, 4),
        _GONE if one.end else _STAYS,
        f"from {one.start:%Y-%m-%d}{until}",
    )
