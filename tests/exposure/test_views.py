"""The pictures of the exposure step."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from helpers.core.model import Known, Unavailable
from helpers.exposure.records import (
    ExposureFacts,
    LeakedSecret,
    Place,
    PlaceKind,
    ScanCoverage,
    SkippedItem,
)
from helpers.exposure.views import coverage, overview, timeline
from tests.report.samples import HOSTILE

CAME, WENT = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 25, tzinfo=UTC)
COMMITTED = Place(kind=PlaceKind.HISTORY, path="a.py", line=3, commit="c" * 40, first=CAME)
UNTRACKED = Place(kind=PlaceKind.UNTRACKED, path="b.txt")
GONE = Unavailable(reason="git is not installed.", call="git")


def leak(place: Place, number: int = 1, **more: Any) -> LeakedSecret:
    return LeakedSecret(
        fingerprint=f"{number:016x}",
        kind="access_token",
        title="Intercom access token",
        shape="dG9rO…(60)",
        places=(place,),
        places_total=1,
        **more,
    )


def facts(
    *leaks: LeakedSecret, total: int = 0, searched: ScanCoverage | None = None
) -> ExposureFacts:
    return ExposureFacts(
        leaks=Known(leaks),
        leaks_total=Known(total or len(leaks)),
        coverage=Known(searched or ScanCoverage(rules="r", objects=3, files=2)),
        configured=Known(()),
        guards=Known(()),
    )


UNREAD = ExposureFacts(leaks=GONE, leaks_total=GONE, coverage=GONE, configured=GONE, guards=GONE)


def test_a_secret_in_use_comes_first_and_a_row_says_where_and_since_when() -> None:
    in_use = leak(UNTRACKED, 2, configured_as="INTERCOM_ACCESS_TOKEN")
    rows = overview(facts(leak(COMMITTED), in_use)).text.splitlines()[2:]
    assert rows[0].startswith("Intercom access token, in use (INTERCOM_ACCESS_TOKEN)")
    assert "a.py:3 (file in a commit)" in rows[1]
    assert "2026-01-05" in rows[1]


def test_finding_no_secret_is_stated() -> None:
    assert "No secret was found." in overview(facts()).text


def test_a_cut_off_list_states_the_total() -> None:
    said = overview(facts(leak(COMMITTED), total=900)).text
    assert "900 secrets were found; the first 1 are listed here." in said


@pytest.mark.parametrize("view", [overview, timeline, coverage])
def test_a_failed_search_is_reported_with_its_reason(view: Any) -> None:
    assert view(UNREAD).text == "Not searched: git is not installed."


def test_the_timeline_shows_how_long_each_secret_stayed_oldest_first() -> None:
    removed = COMMITTED.model_copy(update={"gone": WENT})
    later = COMMITTED.model_copy(update={"first": WENT})
    shown = timeline(facts(leak(later, 2), leak(removed), leak(UNTRACKED, 3)))
    rows = shown.text.splitlines()[2:]
    assert [row.split()[-1] for row in rows] == ["20", "–"]
    assert "still there" in rows[1]
    assert unquote(shown.html).count("<title>from ") == 2


def test_without_history_there_is_no_timeline() -> None:
    assert timeline(facts(leak(UNTRACKED))).text == "The history contains no secret."


def test_skipped_items_are_listed_with_their_reasons() -> None:
    missed = (SkippedItem(where="blob 1", reason="the object is damaged"),)
    searched = ScanCoverage(rules="r", objects=3, files=2, repositories=2, missed=missed)
    said = coverage(facts(searched=searched)).text
    assert "Searched: 3 git objects and 2 files in 2 repositories" in said
    assert "the object is damaged" in said
    assert "Nothing was skipped." in coverage(facts()).text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_shown_as_text(text: str) -> None:
    place = COMMITTED.model_copy(update={"path": text})
    searched = ScanCoverage(rules="r", missed=(SkippedItem(where=text, reason=text),))
    given = facts(leak(place), searched=searched)
    for view in (overview, timeline, coverage):
        shown = view(given)
        assert "<script" not in shown.html
        assert shown.html.count("<img") == shown.html.count('<img alt="')  # only our own picture
        assert "\x1b" not in shown.text
        assert "\u202e" not in shown.text
