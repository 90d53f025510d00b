"""The stories of takeovers and their benign twins, as rows of the activity log."""

from __future__ import annotations

import pytest

from helpers.sandbox.benign_events import EVENTS, benign_month
from helpers.sandbox.endpoints.activity import EVENT_TYPES
from helpers.sandbox.takeovers import STORIES, tell
from helpers.sandbox.team_month import DAY, NOW


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_the_same_for_a_seed_and_another_for_another_seed(name: str) -> None:
    first, again, other = tell(name, "a"), tell(name, "a"), tell(name, "b")
    assert first == again
    assert first.activity.rows != other.activity.rows


@pytest.mark.parametrize("name", STORIES)
def test_the_accounts_of_a_story_act_within_the_last_thirty_days(name: str) -> None:
    for seed in range(5):
        story = tell(name, str(seed))
        recent = [r for r in story.activity.rows if NOW - r["created_at"] < 30 * DAY]
        assert story.accounts <= {row["performed_by"]["email"] for row in recent}
        assert STORIES[name].endswith(".")


@pytest.mark.parametrize("name", EVENTS)
def test_a_benign_event_adds_rows_of_known_types_from_the_past(name: str) -> None:
    rows = benign_month("a", name).rows
    assert rows == benign_month("a", name).rows
    assert {row["activity_type"] for row in rows} <= set(EVENT_TYPES)
    assert max(row["created_at"] for row in rows) < NOW
    assert len({row["id"] for row in rows}) == len(rows)


def test_there_are_twenty_stories_and_their_twins() -> None:
    assert len(STORIES) >= 20
    assert len(EVENTS) >= 20
