"""The activity log as one picture: bars of all activity, and a lane for each kind that matters.

Hand-drawn SVG: it needs no script, scales, prints, and follows light and dark by `currentColor`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from markupsafe import Markup

from helpers.auditlog.records import ActivityRow, ActivitySummary
from helpers.views.base import View

__all__ = ["draw"]

_LANES: Final = (
    ("log-in failures", ("admin_login_failure",)),
    ("sign-in, two-factor", ("two_factor", "sign_in", "password", "authentication", "security_")),
    ("tokens, secrets", ("token", "secret")),
    ("apps, webhooks", ("package_installation", "package_uninstallation", "webhook")),
    ("exports, deletions", ("export", "delete", "deletion")),
    ("people, roles", ("permission", "role_", "invite", "provision", "admin_join", "imperson")),
)
_LEFT, _WIDTH, _BARS, _LANE = 130, 760, 56, 22
_ALARM: Final = "#c62828"
_CALM: Final = "#1565c0"


def draw(summary: ActivitySummary) -> View:
    """The picture, and in plain text the days on which something bears on security."""
    lanes = [(name, [r for r in summary.security if _lane(r) == name]) for name, _ in _LANES]
    height = _BARS + len(_LANES) * _LANE + 44
    parts = [*_bars(summary), *_days(summary, height)]
    for number, (name, rows) in enumerate(lanes):
        parts.extend(_dots(summary, name, rows, _BARS + 18 + number * _LANE))
    svg = Markup(
        '<svg viewBox="0 0 {} {}" width="100%" style="max-width:{}px" role="img" '
        'font-family="sans-serif" font-size="11" fill="currentColor"><title>{}</title>{}{}</svg>'
    ).format(_WIDTH, height, _WIDTH, _title(summary), Markup("").join(parts), _key(height))
    return View(svg, "\n".join(_text(summary)))


def _lane(row: ActivityRow) -> str:
    found = (name for name, words in _LANES if any(word in row.activity for word in words))
    return next(found, _LANES[-1][0])


def _title(summary: ActivitySummary) -> str:
    return f"Activity from {summary.start:%Y-%m-%d} to {summary.end:%Y-%m-%d}"


def _x(summary: ActivitySummary, moment: datetime) -> float:
    share = (moment - summary.start) / (summary.end - summary.start)
    return round(_LEFT + share * (_WIDTH - _LEFT - 14), 1)


def _bars(summary: ActivitySummary) -> Iterator[Markup]:
    most = max((day.total for day in summary.days), default=1)
    yield Markup('<text x="0" y="{}">all activity</text>').format(_BARS - 4)
    for day in summary.days:
        noon = datetime.fromisoformat(day.day).replace(hour=12, tzinfo=UTC)
        tall = round(day.total / most * (_BARS - 12), 1)
        yield Markup(
            '<rect x="{}" y="{}" width="9" height="{}" opacity="0.35"><title>{}: {} rows</title>'
            "</rect>"
        ).format(round(_x(summary, noon) - 4.5, 1), _BARS - tall, tall, day.day, day.total)


def _days(summary: ActivitySummary, height: int) -> Iterator[Markup]:
    """A label and a faint line each week."""
    day = summary.start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while day < summary.end:
        if day.weekday() == 0:
            x = _x(summary, day)
            yield Markup(
                '<line x1="{}" x2="{}" y1="8" y2="{}" stroke="currentColor" opacity="0.2"/>'
                '<text x="{}" y="{}" text-anchor="middle">{}</text>'
            ).format(x, x, height - 38, x, height - 26, f"{day:%b} {day.day}")
        day += timedelta(days=1)


def _dots(summary: ActivitySummary, name: str, rows: list[ActivityRow], y: int) -> Iterator[Markup]:
    yield Markup('<text x="0" y="{}">{}</text>').format(y + 4, name)
    yield Markup(
        '<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="currentColor" opacity="0.12"/>'
    ).format(_LEFT, _WIDTH - 14, y, y)
    for row in sorted(rows, key=lambda r: bool(r.flags)):  # what stands out lies on top
        yield Markup(
            '<circle cx="{}" cy="{}" r="5" fill="{}" fill-opacity="0.8"><title>{}</title></circle>'
        ).format(
            _x(summary, row.at),
            y,
            _ALARM if row.flags else _CALM,
            f"{row.at:%Y-%m-%d %H:%M} {row.actor}: {row.detail or row.activity}",
        )


def _key(height: int) -> Markup:
    y = height - 8
    return Markup(
        '<circle cx="{}" cy="{}" r="5" fill="{}"/><text x="{}" y="{}">stands out: a new address, '
        'an unusual hour</text><circle cx="{}" cy="{}" r="5" fill="{}"/><text x="{}" y="{}">'
        "as usual</text>"
    ).format(_LEFT, y - 4, _ALARM, _LEFT + 10, y, _LEFT + 270, y - 4, _CALM, _LEFT + 280, y)


def _text(summary: ActivitySummary) -> Iterator[str]:
    yield _title(summary)
    for day in summary.days:
        if day.security:
            yield f"{day.day}  {day.total} rows, {day.security} bear on security"
