"""A taken-over account, step by step: which rows belong together, and how they are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup

from helpers.auditlog.records import ActivityRow, Answer, condensed
from helpers.core.visible import visible

__all__ = ["EDGE", "WIDTH", "Story", "draw_story", "height_of", "stories_in"]

WIDTH: Final = 860
EDGE: Final = 20
_MOST: Final = 12  # steps of one story; the table below the picture has more
_STORIES: Final = 3
_LONGEST: Final = 90  # characters
_STEP, _HEAD, _GAP = 24, 34, 16


@dataclass(frozen=True)
class Story:
    """What one account did, in order; rows that repeat each other are one."""

    actor: str
    rows: tuple[ActivityRow, ...]

    @property
    def title(self) -> str:
        """Who, when, and from where."""
        first, last = self.rows[0], self.rows[-1]
        same = first.at.date() == last.at.date()
        until = f"{last.at:%H:%M}" if same else f"{last.at:%Y-%m-%d %H:%M}"
        places = sorted({row.ip for row in self.rows if row.ip})
        where = f", from {', '.join(places[:2])}" if places else ""
        when = f"{first.at:%Y-%m-%d %H:%M} to {until} UTC"
        return visible(f"Signs of a takeover: {self.actor}, {when}{where}")


def stories_in(answers: Sequence[Answer]) -> list[Story]:
    """The signs of a takeover, account by account, the first to begin first."""
    rows = [row for answer in answers if answer.question == "takeover" for row in answer.rows]
    rows.sort(key=lambda row: row.actor)
    found = [
        Story(actor, tuple(condensed(list(theirs))))
        for actor, theirs in groupby(rows, key=lambda row: row.actor)
    ]
    return sorted(found, key=lambda story: story.rows[0].at)


def height_of(stories: Sequence[Story]) -> int:
    """How much room the steps take, in the units of the picture."""
    shown = stories[:_STORIES]
    return sum(_HEAD + min(len(s.rows), _MOST + 1) * _STEP for s in shown) + _GAP * bool(shown)


def draw_story(stories: Sequence[Story], top: int) -> Iterator[Markup]:
    """The steps as dots on a thread, each with its time and what was done."""
    y = top
    for story in stories[:_STORIES]:
        yield Markup('<text class="title alarm" x="{}" y="{}">{}</text>').format(
            EDGE, y + 20, story.title
        )
        steps = list(_steps(story))
        first = y + _HEAD + 10
        yield Markup('<line class="thread" x1="80" x2="80" y1="{}" y2="{}"/>').format(
            first, first + (len(steps) - 1) * _STEP
        )
        for number, (when, what) in enumerate(steps):
            yield _step(first + number * _STEP, when, what)
        y += _HEAD + len(steps) * _STEP


def _steps(story: Story) -> Iterator[tuple[str, str]]:
    for row in story.rows[:_MOST]:
        what = visible(row.detail or row.activity)
        yield f"{row.at:%H:%M}", what if len(what) <= _LONGEST else f"{what[: _LONGEST - 1]}…"
    if len(story.rows) > _MOST:
        yield "", f"and {len(story.rows) - _MOST} more steps"


def _step(y: int, when: str, what: str) -> Markup:
    return Markup(
        '<circle class="alarm" cx="80" cy="{}" r="5"/><text class="dim" x="{}" y="{}">{}</text>'
        '<text x="98" y="{}">{}</text>'
    ).format(y, EDGE, y + 4, when, y + 4, what)
