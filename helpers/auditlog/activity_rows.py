"""What a row of Intercom's activity log is, and what happens to one that is not understood.

A row that differs from the API description is never dropped in silence: it might be the one that
matters. It is counted, its day stays incomplete, and the first of them are kept as they came.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, TypeGuard

from helpers.system.files import write_private

__all__ = ["UnreadRows", "problem_of"]

_FIRST: Final = 1_293_840_000  # 2011: Intercom did not exist before
_LAST: Final = 4_102_444_800  # 2100; a time in milliseconds is far beyond
_LONGEST: Final = 200  # characters of an id or a type
_LOGINS: Final = "admin_login_"
_KEPT: Final = 100  # rows
_KEPT_LENGTH: Final = 4_000  # characters of each
_FILE: Final = "unread.jsonl"


def problem_of(row: Any) -> str:
    """Why a row is not understood, with the name of the field; "" for a row that is.

    The fields are those of `activity_log` in Intercom's API description 2.16. An address may be
    absent, but not where somebody logs in, because there it decides what stands out.
    """
    if not isinstance(row, dict):
        return "it is not an object"
    who = row.get("performed_by")
    if not isinstance(who, dict):
        return "performed_by is not an object"
    if not _is_time(row.get("created_at")):
        return "created_at is not a time in Unix seconds"
    for name, value in (("id", row.get("id")), ("activity_type", row.get("activity_type"))):
        if not _is_name(value):
            return f"{name} is not a short text"
    if not _is_name(who.get("id")):
        return "performed_by.id is not a short text"
    return _optional_problem(row, who)


def _optional_problem(row: Mapping[str, Any], who: Mapping[str, Any]) -> str:
    for name, value in (
        ("activity_description", row.get("activity_description")),
        ("performed_by.email", who.get("email")),
    ):
        if value is not None and not isinstance(value, str):
            return f"{name} is not a text"
    address = who.get("ip")
    if address or row["activity_type"].startswith(_LOGINS):
        if not isinstance(address, str) or not _is_address(address):
            return "performed_by.ip is not an address"
    elif address not in (None, ""):
        return "performed_by.ip is not an address"
    if not isinstance(row.get("metadata"), (dict, type(None))):
        return "metadata is not an object"
    return ""


def _is_time(value: object) -> TypeGuard[int]:
    return type(value) is int and _FIRST <= value < _LAST


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and not value.isspace()


@lru_cache(10_000)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@dataclass
class UnreadRows:
    """The rows of one fetch that were not understood: how many, and why."""

    count: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    _kept: list[str] = field(default_factory=list)

    def add(self, row: Any, reason: str, days: Sequence[date]) -> set[date]:
        """Count a row, and keep it if there is room; returns the days it may belong to.

        Without a readable time that is every day of the range it came with.
        """
        self.count += 1
        self.reasons[reason] += 1
        if len(self._kept) < _KEPT:
            self._kept.append(json.dumps({"reason": reason, "row": _raw(row)}))
        day = _day_of(row)
        return {day} if day and day in days else set(days)

    def save(self, folder: Path) -> None:
        """Write the kept rows beside the months, or remove those of the fetch before."""
        if self._kept:
            write_private(folder / _FILE, "".join(f"{line}\n" for line in self._kept))
        else:
            (folder / _FILE).unlink(missing_ok=True)

    def summary(self) -> str:
        """What to report, as a sentence; "" if every row was understood."""
        if not self.count:
            return ""
        reason, _ = self.reasons.most_common(1)[0]
        more = len(self.reasons) - 1
        others = f", and {more} other reason{'s' * (more > 1)}" if more else ""
        rows = "1 row was" if self.count == 1 else f"{self.count:,} rows were"
        return f"{rows} not understood: {reason}{others}."


def _day_of(row: Any) -> date | None:
    moment = row.get("created_at") if isinstance(row, dict) else None
    return datetime.fromtimestamp(moment, UTC).date() if _is_time(moment) else None


def _raw(row: Any) -> str:
    try:
        return json.dumps(row)[:_KEPT_LENGTH]
    except (ValueError, RecursionError):
        return repr(type(row))
