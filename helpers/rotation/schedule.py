"""When each key is due, from its age and the policy, and the calendar file of the dates.

The calendar follows RFC 5545, so that any calendar program reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from helpers.core.policy import RotationPolicy
from helpers.rotation.records import KeyAge

__all__ = ["DueDate", "KeySchedule", "calendar", "schedule_key"]


@dataclass(frozen=True)
class KeySchedule:
    """A key, its age and limit in days, when it is due, and who owns it."""

    profile: str
    key: KeyAge
    age: int
    limit: int
    due: datetime
    owner: str
    warnings: tuple[int, ...]  # the policy's warning steps that are passed, in per cent

    @property
    def percent(self) -> int:
        """The used share of the allowed age."""
        return self.age * 100 // self.limit

    def due_date(self, policy: RotationPolicy) -> DueDate:
        """The entry for the calendar file."""
        days = [self.key.since + timedelta(days=self.limit * p // 100) for p in _steps(policy)]
        return DueDate(
            profile=self.profile,
            variable=self.key.variable,
            fingerprint=self.key.fingerprint,
            on=self.due.date(),
            owner=self.owner,
            warn_on=tuple(day.date() for day in days),
            sure=self.key.exact,
        )


def schedule_key(key: KeyAge, policy: RotationPolicy, now: datetime, profile: str) -> KeySchedule:
    """The age, limit and due date of a key."""
    limit, age = policy.limit(key.kind), key.days(now)
    return KeySchedule(
        profile=profile,
        key=key,
        age=age,
        limit=limit,
        due=key.since + timedelta(days=limit),
        owner=policy.owner_of(key.variable),
        warnings=tuple(p for p in _steps(policy) if age * 100 >= p * limit),
    )


def _steps(policy: RotationPolicy) -> tuple[int, ...]:
    return tuple(sorted(policy.warn_at_percent))


_WIDTH: Final = 75  # octets a line, RFC 5545, 3.1
_SPECIAL: Final = re.compile(r"([\\;,])")


@dataclass(frozen=True)
class DueDate:
    """A key and the day by which it must be rotated; not `sure`: it may be due earlier."""

    profile: str
    variable: str
    fingerprint: str
    on: date
    owner: str
    warn_on: tuple[date, ...]
    sure: bool


def calendar(dues: Iterable[DueDate], now: datetime) -> str:
    """One all-day event a key, with an alarm on each day of the warning. Lines end in CRLF."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Intercom security runbook//Keys//EN"]
    for due in dues:
        lines.extend(_event(due, now))
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(due: DueDate, now: datetime) -> Iterator[str]:
    name = f"Rotate {due.variable} ({due.profile})"
    latest = "" if due.sure else " Its exact age is unknown: it may be due earlier."
    owner = f" Owner: {due.owner}." if due.owner else ""
    yield "BEGIN:VEVENT"
    yield f"UID:{due.profile}-{due.variable}-{due.fingerprint}@intercom-security-runbook"
    yield f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{due.on:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{due.on + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_escaped(name)}"
    yield f"DESCRIPTION:{_escaped(f'Key {due.fingerprint}.{owner}{latest}')}"
    yield "TRANSP:TRANSPARENT"
    for day in due.warn_on:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{_escaped(f'{name} by {due.on:%Y-%m-%d}')}"
        yield f"TRIGGER;VALUE=DURATION:-P{max((due.on - day).days, 0)}D"
        yield "END:VALARM"
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Fold a line at 75 octets; a continuation line starts with a space (RFC 5545, 3.1)."""
    rest, first = line, True
    while rest:
        room = _WIDTH if first else _WIDTH - 1
        cut = len(rest)
        while len(rest[:cut].encode()) > room:
            cut -= 1
        yield rest[:cut] if first else f" {rest[:cut]}"
        rest, first = rest[cut:], False
