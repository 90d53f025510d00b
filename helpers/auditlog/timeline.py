"""The activity log as one picture: the month, its security events, and a takeover step by step.

Hand-drawn SVG without a script. It has its own background and colours, because notebooks show it as
an image: GitHub strips inline SVG, and JupyterLab does so in a notebook that is not trusted. In the
report it is inline, so its style sheet applies to the picture only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final

from markupsafe import Markup

from helpers.auditlog.records import (
    ActivityRow,
    ActivitySummary,
    AuditFacts,
    QuestionResult,
    collapse_repeats,
)
from helpers.core.model import Unavailable
from helpers.core.redaction import sanitize
from helpers.core.view import View, picture, prose

__all__ = ["drawing", "timeline_view"]

_LANES: Final = (
    ("log-in failures", ("admin_login_failure",)),
    ("sign-in, two-factor", ("two_factor", "sign_in", "password", "authentication", "security_")),
    ("tokens, secrets", ("token", "secret")),
    ("apps, webhooks", ("package_installation", "package_uninstallation", "webhook")),
    ("exports, deletions", ("export", "delete", "deletion")),
    ("people, roles", ("permission", "role_", "invite", "provision", "admin_join", "imperson")),
)
_LEFT, _TOP, _BARS, _LANE = 150, 44, 52, 24
_MONTH: Final = _TOP + _BARS + len(_LANES) * _LANE + 50  # the height of the month
_LIGHT: Final = (
    "text{font:12px system-ui,sans-serif;fill:#1f2328}"
    ".ground{fill:#fff;stroke:#d0d7de}.grid{stroke:#d0d7de}.columns{fill:#b3bcc6}"
    ".dim{fill:#59636e}.title{font-weight:600;font-size:14px}.many{fill:#fff;font-size:10px}"
    ".alarm{fill:#c62828}.calm{fill:#1f6feb}.band{fill:#c62828;fill-opacity:.12}"
    ".wedge{fill:#c62828;fill-opacity:.06}.thread{stroke:#c62828;stroke-width:2}"
)
_DARK: Final = (
    "text{fill:#e6edf3}.ground{fill:#161b22;stroke:#3d444d}"
    ".grid{stroke:#3d444d}.columns{fill:#59636e}.dim{fill:#9198a1}.many{fill:#0d1117}"
    ".alarm{fill:#f0605a}.calm{fill:#4493f8}.thread{stroke:#f0605a}"
    ".band{fill:#f0605a;fill-opacity:.2}.wedge{fill:#f0605a;fill-opacity:.1}"
)


def timeline_view(facts: AuditFacts) -> View:
    """The picture, and as plain text the days with security events."""
    if isinstance(facts.activity, Unavailable):
        return prose(f"Not checked: {facts.activity.reason}")
    return picture(drawing(facts), "\n".join(_text(facts.activity.value)))


def drawing(facts: AuditFacts) -> Markup:
    """The picture as SVG; empty if the activity log was not read."""
    if isinstance(facts.activity, Unavailable):
        return Markup("")
    known = () if isinstance(facts.answers, Unavailable) else facts.answers.value
    return _drawn(facts.activity.value, _takeovers_in(known))


def _drawn(summary: ActivitySummary, takeovers: Sequence[TakeoverSteps]) -> Markup:
    height = _MONTH + _height_of(takeovers)
    parts = [*_bands(summary, takeovers), *_bars(summary), *_weeks(summary)]
    for number, (name, _) in enumerate(_LANES):
        rows = [row for row in summary.security if _lane(row) == name]
        parts.extend(_dots(summary, name, rows, _TOP + _BARS + 22 + number * _LANE))
    parts.extend(_draw_takeovers(takeovers, _MONTH))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="timeline" role="img" aria-label="{}" '
        'viewBox="0 0 {} {}" width="{}" height="{}">'
        '<style>{}</style><rect class="ground" x=".5" y=".5" width="{}" height="{}" rx="6"/>'
        '<text class="title" x="{}" y="26">{}</text>{}{}</svg>'
    ).format(
        *(_title(summary), _WIDTH, height, _WIDTH, height, _style(), _WIDTH - 1, height - 1),
        *(_EDGE, _title(summary), Markup("").join(parts), _key()),
    )


def _style() -> Markup:
    light, dark = map(_of_timeline, (_LIGHT, _DARK))
    return Markup(f"{light}@media screen and (prefers-color-scheme:dark){{{dark}}}")


def _of_timeline(rules: str) -> str:
    return "".join(f".timeline {rule}}}" for rule in rules.split("}") if rule)


def _lane(row: ActivityRow) -> str:
    found = (name for name, words in _LANES if any(word in row.activity for word in words))
    return next(found, _LANES[-1][0])


def _title(summary: ActivitySummary) -> str:
    return f"Activity in Intercom, {summary.start:%Y-%m-%d} to {summary.end:%Y-%m-%d}"


def _x(summary: ActivitySummary, moment: datetime) -> float:
    share = (moment - summary.start) / (summary.end - summary.start)
    return round(_LEFT + min(max(share, 0), 1) * (_WIDTH - _EDGE - _LEFT), 1)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _bands(summary: ActivitySummary, takeovers: Sequence[TakeoverSteps]) -> Iterator[Markup]:
    """The days of a takeover, and a wedge from the first of them to its steps below."""
    bottom = _TOP + _BARS + len(_LANES) * _LANE + 14
    for takeover in takeovers:
        middle = _x(summary, _noon(takeover.rows[0].at.date()))
        left, right = middle - 9, _x(summary, _noon(takeover.rows[-1].at.date())) + 9
        yield Markup('<rect class="band" x="{}" y="{}" width="{}" height="{}" rx="3"/>').format(
            left, _TOP - 6, round(right - left, 1), bottom - _TOP + 6
        )
    for takeover in takeovers[:1]:
        middle = _x(summary, _noon(takeover.rows[0].at.date()))
        yield Markup('<path class="wedge" d="M{} {}H{}L{} {}H{}Z"/>').format(
            middle - 9, bottom, middle + 9, _WIDTH - _EDGE, _MONTH, _EDGE
        )


def _bars(summary: ActivitySummary) -> Iterator[Markup]:
    most = max((day.total for day in summary.days), default=1)
    yield Markup('<text class="dim" x="{}" y="{}">all activity, by day</text>').format(
        _EDGE, _TOP + _BARS
    )
    for day in summary.days:
        x = _x(summary, _noon(date.fromisoformat(day.day)))
        tall = round(max(day.total / most * (_BARS - 4), 1), 1)
        yield Markup('<rect class="columns" x="{}" y="{}" width="11" height="{}" rx="1"/>').format(
            round(x - 5.5, 1), round(_TOP + _BARS - tall, 1), tall
        )


def _weeks(summary: ActivitySummary) -> Iterator[Markup]:
    """A line and a label for each week."""
    bottom = _TOP + _BARS + len(_LANES) * _LANE + 14
    first = summary.start.date() + timedelta(days=1)
    for back in range((summary.end.date() - first).days + 1):
        day = first + timedelta(days=back)
        if day.weekday() == 0:
            x = _x(summary, _noon(day) - timedelta(hours=12))
            yield Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<text class="dim" x="{}" y="{}" text-anchor="{}">{}</text>'
            ).format(
                *(x, x, _TOP, bottom + 4),
                *((x + 4, bottom + 4, "start") if x < _WIDTH - 60 else (x - 4, bottom + 4, "end")),
                f"{day.day} {day:%b}",
            )


def _dots(
    summary: ActivitySummary, name: str, rows: Sequence[ActivityRow], y: int
) -> Iterator[Markup]:
    """A lane: one dot per day, with the number of its rows."""
    yield Markup('<text x="{}" y="{}">{}</text>').format(_EDGE, y + 4, name)
    yield Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
        _LEFT, _WIDTH - _EDGE, y, y
    )
    for day, found in groupby(rows, key=lambda row: row.at.date()):
        several = list(found)
        tone = "alarm" if any(row.flags for row in several) else "calm"
        x, count = _x(summary, _noon(day)), len(several)
        yield Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(
            tone, x, y, 5 if count == 1 else 8
        )
        if count > 1:
            yield Markup('<text class="many" x="{}" y="{}" text-anchor="middle">{}</text>').format(
                x, y + 3.5, count
            )


def _key() -> Markup:
    y = 22
    return Markup(
        '<circle class="alarm" cx="{}" cy="{}" r="5"/><text class="dim" x="{}" y="{}">'
        'stands out: new address or unusual hour</text><circle class="calm" cx="{}" cy="{}" '
        'r="5"/><text class="dim" x="{}" y="{}">as usual</text>'
    ).format(_WIDTH - 366, y, _WIDTH - 356, y + 4, _WIDTH - 78, y, _WIDTH - 68, y + 4)


def _text(summary: ActivitySummary) -> Iterator[str]:
    yield _title(summary)
    for day in summary.days:
        if day.security:
            yield f"{day.day}  {day.total} rows, {day.security} relevant to security"


_WIDTH: Final = 860
_EDGE: Final = 20
_MOST: Final = 12  # steps of one takeover; the table below the picture has more
_MOST_TAKEOVERS: Final = 3
_LONGEST: Final = 90  # characters
_STEP, _HEAD, _GAP = 24, 34, 16


@dataclass(frozen=True)
class TakeoverSteps:
    """The steps of one account, in order; repeated rows are collapsed into one."""

    actor: str
    rows: tuple[ActivityRow, ...]

    @property
    def title(self) -> str:
        """The account, the time, and the addresses."""
        first, last = self.rows[0], self.rows[-1]
        same = first.at.date() == last.at.date()
        until = f"{last.at:%H:%M}" if same else f"{last.at:%Y-%m-%d %H:%M}"
        places = sorted({row.ip for row in self.rows if row.ip})
        where = f", from {', '.join(places[:2])}" if places else ""
        when = f"{first.at:%Y-%m-%d %H:%M} to {until} UTC"
        return sanitize(f"Signs of a takeover: {self.actor}, {when}{where}")


def _takeovers_in(answers: Sequence[QuestionResult]) -> list[TakeoverSteps]:
    """The signs of a takeover, one account at a time, in order of their first step."""
    rows = [row for answer in answers if answer.question == "takeover" for row in answer.rows]
    alarming = {row.actor for row in rows if row.flags}  # the others are suspicions
    rows = sorted((row for row in rows if row.actor in alarming), key=lambda row: row.actor)
    found = [
        TakeoverSteps(actor, tuple(collapse_repeats(list(theirs))))
        for actor, theirs in groupby(rows, key=lambda row: row.actor)
    ]
    return sorted(found, key=lambda takeover: takeover.rows[0].at)


def _height_of(takeovers: Sequence[TakeoverSteps]) -> int:
    """The height of the steps, in the units of the picture."""
    shown = takeovers[:_MOST_TAKEOVERS]
    return sum(_HEAD + min(len(s.rows), _MOST + 1) * _STEP for s in shown) + _GAP * bool(shown)


def _draw_takeovers(takeovers: Sequence[TakeoverSteps], top: int) -> Iterator[Markup]:
    """The steps as dots on a line, each with its time and what was done."""
    y = top
    for takeover in takeovers[:_MOST_TAKEOVERS]:
        yield Markup('<text class="title alarm" x="{}" y="{}">{}</text>').format(
            _EDGE, y + 20, takeover.title
        )
        steps = list(_steps(takeover))
        first = y + _HEAD + 10
        yield Markup('<line class="thread" x1="80" x2="80" y1="{}" y2="{}"/>').format(
            first, first + (len(steps) - 1) * _STEP
        )
        for number, (when, what) in enumerate(steps):
            yield _step(first + number * _STEP, when, what)
        y += _HEAD + len(steps) * _STEP


def _steps(takeover: TakeoverSteps) -> Iterator[tuple[str, str]]:
    for row in takeover.rows[:_MOST]:
        what = sanitize(row.detail or row.activity)
        yield f"{row.at:%H:%M}", what if len(what) <= _LONGEST else f"{what[: _LONGEST - 1]}…"
    if len(takeover.rows) > _MOST:
        yield "", f"and {len(takeover.rows) - _MOST} more steps"


def _step(y: int, when: str, what: str) -> Markup:
    return Markup(
        '<circle class="alarm" cx="80" cy="{}" r="5"/><text class="dim" x="{}" y="{}">{}</text>'
        '<text x="98" y="{}">{}</text>'
    ).format(y, _EDGE, y + 4, when, y + 4, what)
