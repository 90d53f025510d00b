"""The pictures of the exposure step: the secrets, when each leaked, and what was searched."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup

from helpers.core.model import Known, Unavailable
from helpers.core.view import View, canvas, picture, prose, stack, table
from helpers.exposure.records import ExposureFacts, LeakedSecret, ScanCoverage

__all__ = ["coverage", "overview", "timeline"]

_WIDTH, _LEFT, _ROW = 760, 250, 26  # pixels
_STAYS: Final = "#dc2626"
_GONE: Final = "#d97706"


def overview(facts: ExposureFacts) -> View:
    """A row for each secret, most urgent first."""
    if isinstance(facts.leaks, Unavailable):
        return prose(f"Not searched: {facts.leaks.reason}")
    leaks = sorted(facts.leaks.value, key=lambda leak: (not leak.configured_as, not leak.committed))
    rows = [_row(leak) for leak in leaks]
    columns = ("secret", "fingerprint", "shape", "first place", "places", "since", "still there")
    return stack(table(columns, rows, empty="No secret was found."), _cut(facts))


def _row(leak: LeakedSecret) -> tuple[str, ...]:
    place = leak.places[0]
    where = f"{place.where}:{place.line}" if place.line else place.where
    return (
        f"{leak.title}, in use ({leak.configured_as})" if leak.configured_as else leak.title,
        leak.fingerprint,
        leak.shape,
        f"{where} ({place.kind})",
        str(leak.places_total),
        f"{leak.first:%Y-%m-%d}" if leak.first else "–",
        f"removed {leak.gone:%Y-%m-%d}" if leak.gone else "yes",
    )


def _cut(facts: ExposureFacts) -> View:
    listed = len(facts.leaks.value) if isinstance(facts.leaks, Known) else 0
    total = facts.leaks_total.value if isinstance(facts.leaks_total, Known) else listed
    if total > listed:
        return prose(f"{total} secrets were found; the first {listed} are listed here.")
    return prose(
        f"{total} secrets were found. Fingerprints stand for the secrets, which are never shown."
    )


def coverage(facts: ExposureFacts) -> View:
    """What was searched, and what could not be searched."""
    if isinstance(facts.coverage, Unavailable):
        return prose(f"Not searched: {facts.coverage.reason}")
    searched = facts.coverage.value
    rows = [(left.where, left.reason) for left in (*searched.missed, *searched.elsewhere)]
    empty = "Nothing was skipped."
    return stack(prose(_searched(searched)), table(("not searched", "reason"), rows, empty=empty))


def _searched(searched: ScanCoverage) -> str:
    history = f"{searched.objects} git objects and " if searched.git else ""
    where = "one repository"
    if searched.repositories > 1:
        where = f"{searched.repositories} repositories, including nested ones"
    return f"Searched: {history}{searched.files} files in {where}."


def timeline(facts: ExposureFacts) -> View:
    """When each secret entered the history, and how long it stayed there."""
    if isinstance(facts.leaks, Unavailable):
        return prose(f"Not searched: {facts.leaks.reason}")
    dated = [(leak, leak.first) for leak in facts.leaks.value if leak.first]
    if not dated:
        return prose("The history contains no secret.")
    dated.sort(key=lambda pair: (pair[1], pair[0].fingerprint))
    rows = [_timeline_row(leak, first) for leak, first in dated]
    columns = ("fingerprint", "secret", "from", "until", "days")
    listed = table(columns, rows, empty="")
    return View(_picture(dated).html + listed.html, listed.text)


def _timeline_row(leak: LeakedSecret, first: datetime) -> tuple[str, ...]:
    gone = leak.gone
    days = str((gone - first).days) if gone else "–"
    until = f"{gone:%Y-%m-%d}" if gone else "still there"
    return leak.fingerprint, leak.title, f"{first:%Y-%m-%d}", until, days


def _picture(dated: list[tuple[LeakedSecret, datetime]]) -> View:
    """Draw a bar from the leak to its removal; a bar that reaches the edge is still there."""
    start = dated[0][1]
    moments = [first for _, first in dated] + [leak.gone for leak, _ in dated if leak.gone]
    span = max((max(moments) - start).total_seconds(), 1) * 1.15
    bars = Markup("").join(
        _bar(i, leak, first, start, span) for i, (leak, first) in enumerate(dated)
    )
    label = f"When each of {len(dated)} secrets leaked, and until when it stayed in the history"
    height = len(dated) * _ROW + 8
    axis, key = _axis(start, span, height), _key(height + 40)
    return picture(canvas(_WIDTH, height + 50, label, axis + bars + key), label)


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


def _bar(row: int, leak: LeakedSecret, first: datetime, start: datetime, span: float) -> Markup:
    scale = (_WIDTH - _LEFT) / span
    left = _LEFT + round((first - start).total_seconds() * scale)
    end = _LEFT + round((leak.gone - start).total_seconds() * scale) if leak.gone else _WIDTH
    return Markup(
        '<text x="0" y="{}">{}</text>'
        '<rect x="{}" y="{}" width="{}" height="14" rx="3" fill="{}"><title>{}</title></rect>'
    ).format(
        row * _ROW + 17,
        f"{leak.fingerprint[:8]} {leak.title}",
        left,
        row * _ROW + 6,
        max(end - left, 4),
        _GONE if leak.gone else _STAYS,
        f"from {first:%Y-%m-%d}" + (f" to {leak.gone:%Y-%m-%d}" if leak.gone else ", still there"),
    )
