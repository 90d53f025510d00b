"""When a key is due, and at which shares of its allowed age people are warned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpers.core.policy import RotationPolicy
from helpers.rotation.records import KeyAge, KnownBy
from helpers.rotation.schedule import KeySchedule, schedule_key

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def aged(days: int, policy: RotationPolicy | None = None) -> KeySchedule:
    key = KeyAge(
        variable="INTERCOM_ACCESS_TOKEN",
        kind="access_token",
        fingerprint="0" * 16,
        origin=".env",
        since=NOW - timedelta(days=days),
        known_by=KnownBy.LEDGER,
        exact=True,
    )
    return schedule_key(key, policy or RotationPolicy(), NOW, "production")


@pytest.mark.parametrize(
    ("days", "warnings"),
    [
        (53, ()),
        (54, (60,)),
        (71, (60,)),
        (72, (60, 80)),
        (89, (60, 80)),
        (90, (60, 80, 100)),
        (400, (60, 80, 100)),
    ],
)
def test_warnings_come_at_60_80_and_100_per_cent_of_90_days(
    days: int, warnings: tuple[int, ...]
) -> None:
    assert aged(days).warnings == warnings


def test_the_calendar_rings_on_the_days_of_the_warnings() -> None:
    due = aged(10).due_date(RotationPolicy())
    made = (NOW - timedelta(days=10)).date()
    assert [(day - made).days for day in due.warn_on] == [54, 72, 90]
    assert due.on == due.warn_on[-1]


def test_a_policy_sets_limits_warnings_and_owners() -> None:
    policy = RotationPolicy(
        max_age_days={"access_token": 30},
        warn_at_percent=(90, 50),
        owner="ada@example.com",
        owners={"INTERCOM_ACCESS_TOKEN": "bob@example.com"},
    )
    key = aged(27, policy)
    assert (key.percent, key.warnings, key.owner) == (90, (50, 90), "bob@example.com")
    assert (key.due - NOW).days == 3
