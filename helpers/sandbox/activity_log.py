"""The workspace's activity log: recorded rows, and blocks of rows computed on demand.

A block of ten million rows costs nothing until a page of it is read: a row follows from its number.
Number 0 is the newest; times fall evenly from `newest` to `oldest`, and types follow a fixed
pattern, so the rows of one type are at known offsets. Rows come newest first. A page is found by
arithmetic, also when filtered by type or time, so the last page is as fast as the first.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from helpers.sandbox.tokens import identifier

__all__ = ["ActivityBlock", "ActivityLog", "ActivitySelection", "ActivitySlice", "Row"]

Row = dict[str, Any]


@dataclass
class ActivityLog:
    """Rows in the order of their time."""

    rows: list[Row] = field(default_factory=list)
    block: ActivityBlock | None = None

    def record(
        self,
        activity_type: str,
        description: str,
        *,
        at: int,
        by: Row,
        ip: str = "192.0.2.10",
        metadata: Row | None = None,
    ) -> Row:
        """Write a row as Intercom does; `by` is the teammate."""
        performer = {"type": "admin", "id": by["id"], "email": by["email"], "ip": ip}
        row = {
            "id": str(identifier(f"activity/{len(self.rows)}/{activity_type}/{at}")),
            "performed_by": performer,
            "metadata": metadata or {},
            "created_at": at,
            "activity_type": activity_type,
            "activity_description": description,
        }
        self.add(row)
        return row

    def add(self, row: Row) -> None:
        """Insert a row by time; of equal times, the one written later is newer."""
        bisect.insort_right(self.rows, row, key=lambda r: int(r["created_at"]))

    def select(self, after: int, before: int, types: Collection[str] = ()) -> ActivitySelection:
        """The rows in [after, before], newest first; all types if none is named."""
        low = bisect.bisect_left(self.rows, after, key=lambda r: int(r["created_at"]))
        high = bisect.bisect_right(self.rows, before, key=lambda r: int(r["created_at"]))
        recorded = [
            r for r in reversed(self.rows[low:high]) if not types or r["activity_type"] in types
        ]
        computed = self.block.slice(after, before, types) if self.block else None
        return ActivitySelection(recorded, computed)


class ActivitySelection:
    """A merged view over recorded and computed rows that can be cut anywhere."""

    def __init__(self, recorded: Sequence[Row], computed: ActivitySlice | None) -> None:
        self._recorded = recorded
        self._computed = computed
        newer = (lambda row: computed.newer_than(int(row["created_at"]))) if computed else None
        self._places = [
            number + (newer(row) if newer else 0) for number, row in enumerate(recorded)
        ]

    def __len__(self) -> int:
        return len(self._recorded) + (len(self._computed) if self._computed else 0)

    def cut(self, start: int, stop: int) -> list[Row]:
        """The rows at these positions."""
        return [self._at(place) for place in range(start, min(stop, len(self)))]

    def _at(self, place: int) -> Row:
        number = bisect.bisect_left(self._places, place)
        if number < len(self._places) and self._places[number] == place:
            return self._recorded[number]
        assert self._computed is not None  # noqa: S101 - only computed rows remain
        return self._computed[place - number]


# 40 rows of an ordinary day, repeated
_PATTERN: Final = (
    *("admin_login_success",) * 9,
    *("admin_logout",) * 6,
    *("admin_away_mode_change",) * 8,
    *("macro_update",) * 3,
    *("message_state_change",) * 3,
    *("inbox_access_change",) * 2,
    *("admin_login_failure",) * 2,
    "campaign_state_change",
    "ruleset_creation",
    "role_change",
    "bulk_export",
    "admin_permission_change",
    "help_center_settings_change",
    "app_webhook_creation",
)
_PERIOD: Final = len(_PATTERN)


@dataclass(frozen=True)
class ActivityBlock:
    """`count` rows between two times (unix seconds)."""

    count: int
    oldest: int
    newest: int
    teammates: int = 40

    def time_of(self, number: int) -> int:
        """When a row was written."""
        if self.count == 1:
            return self.newest
        return self.newest - number * (self.newest - self.oldest) // (self.count - 1)

    def first_at_or_before(self, moment: int) -> int:
        """The number of the first row that is not newer than the moment."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.time_of(middle) > moment else (low, middle)
        return low

    def slice(self, after: int, before: int, types: Collection[str] = ()) -> ActivitySlice:
        """The rows in [after, before] of these types (all if none is named)."""
        offsets = tuple(i for i, t in enumerate(_PATTERN) if not types or t in types)
        return ActivitySlice(
            self, self.first_at_or_before(before), self.first_at_or_before(after - 1), offsets
        )

    def row(self, number: int) -> dict[str, Any]:
        """The row with this number."""
        kind = _PATTERN[number % _PERIOD]
        who = number * 7919 % self.teammates
        email = f"teammate{who}@example.com"
        return {
            "id": f"00000000-0000-4000-8000-{self.count - number:012x}",
            "performed_by": {
                "type": "admin",
                "id": str(700_000 + who),
                "email": email,
                "ip": f"192.0.2.{1 + number * 31 % (who % 5 + 1)}",
            },
            "metadata": {},
            "created_at": self.time_of(number),
            "activity_type": kind,
            "activity_description": f"{email}: {kind.replace('_', ' ')}",
        }


@dataclass(frozen=True)
class ActivitySlice:
    """The rows `start` to `stop` of a block whose place in the pattern is one of `offsets`."""

    block: ActivityBlock
    start: int
    stop: int
    offsets: tuple[int, ...]

    def __len__(self) -> int:
        return max(self._matching_below(self.stop) - self._matching_below(self.start), 0)

    def __getitem__(self, place: int) -> dict[str, Any]:
        rank = self._matching_below(self.start) + place
        period, offset = divmod(rank, len(self.offsets))
        return self.block.row(period * _PERIOD + self.offsets[offset])

    def newer_than(self, moment: int) -> int:
        """How many of these rows are newer than the moment."""
        bound = min(max(self.block.first_at_or_before(moment), self.start), self.stop)
        return self._matching_below(bound) - self._matching_below(self.start)

    def _matching_below(self, number: int) -> int:
        periods, rest = divmod(number, _PERIOD)
        return periods * len(self.offsets) + sum(offset < rest for offset in self.offsets)
