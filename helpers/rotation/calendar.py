"""The dates on which keys are due, as a calendar that any program reads (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

__all__ = ["Due", "calendar"]

_WIDTH: Final = 75  # octets a line, RFC 5545, 3.1
_SPECIAL: Final = re.compile(r"([\\;,])")


@dataclass(frozen=True)
class Due:
    """A key and the day by which it has to be rotated; `sure` is False for a latest guess."""

    profile: str
    variable: str
    fingerprint: str
    on: date
    owner: str
    warn_on: tuple[date, ...]
    sure: bool


def calendar(dues: Iterable[Due], now: datetime) -> str:
    """One all-day event a key, with an alarm on each day of the warning. Lines end in CRLF."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Intercom security runbook//Keys//EN"]
    for due in dues:
        lines.extend(_event(due, now))
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(due: Due, now: datetime) -> Iterator[str]:
    name = f"Rotate {due.variable} ({due.profile})"
    latest = "" if due.sure else " Its real age is not known: it may be due earlier."
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
    """No line longer than 75 octets; what follows begins with a blank."""
    rest, first = line, True
    while rest:
        room = _WIDTH if first else _WIDTH - 1
        cut = len(rest)
        while len(rest[:cut].encode()) > room:
            cut -= 1
        yield rest[:cut] if first else f" {rest[:cut]}"
        rest, first = rest[cut:], False
