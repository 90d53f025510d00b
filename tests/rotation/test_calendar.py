"""The calendar is valid by RFC 5545, whatever stands in a name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from helpers.rotation.schedule import DueDate, calendar

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def due(owner: str = "ada@example.com", *, sure: bool = True) -> DueDate:
    days = (date(2026, 4, 25), date(2026, 5, 13), date(2026, 5, 31))
    return DueDate("production", "INTERCOM_ACCESS_TOKEN", "0" * 16, days[2], owner, days, sure)


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def test_an_event_a_key_with_an_alarm_a_warning() -> None:
    lines = unfolded(calendar([due()], NOW))
    assert lines[0] == "BEGIN:VCALENDAR"
    assert "DTSTART;VALUE=DATE:20260531" in lines
    assert "DTEND;VALUE=DATE:20260601" in lines
    assert [line for line in lines if line.startswith("TRIGGER")] == [
        "TRIGGER;VALUE=DURATION:-P36D",
        "TRIGGER;VALUE=DURATION:-P18D",
        "TRIGGER;VALUE=DURATION:-P0D",
    ]


def test_a_calendar_as_it_was_when_a_person_last_looked(
    golden: Callable[[str, str], None],
) -> None:
    golden("keys.ics", calendar([due(), due("bob; or, ada", sure=False)], NOW))


def test_another_reader_finds_the_days_and_the_alarms() -> None:
    (event,) = icalendar.Calendar.from_ical(calendar([due()], NOW)).events
    assert (event.start, event.end) == (date(2026, 5, 31), date(2026, 6, 1))
    assert str(event["SUMMARY"]) == "Rotate INTERCOM_ACCESS_TOKEN (production)"
    rings = [alarm.trigger for alarm in event.alarms.times]
    assert rings == [date(2026, 4, 25), date(2026, 5, 13), date(2026, 5, 31)]


def test_a_doubtful_date_says_so() -> None:
    assert "may be due earlier" in calendar([due(sure=False)], NOW).replace("\r\n ", "")


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_owner_breaks_a_line_or_the_calendar(owner: str) -> None:
    text = calendar([due(owner)], NOW)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert sum(line.startswith("BEGIN:") for line in unfolded(text)) == 5
    assert text.count("\r\n") == text.count("\n") == text.count("\r")
    (event,) = icalendar.Calendar.from_ical(text).events
    assert event.errors == []
    assert event.end - event.start == timedelta(days=1)
