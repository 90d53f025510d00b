"""The workspace's activity log: recorded rows, and blocks of rows that are computed when asked for.

A block of ten million rows costs nothing until a page of it is read: the row at any position
follows from its number. Rows come newest first; a page is found by arithmetic, also under a filter
by type or time, so the last page is as quick as the first.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.sandbox.generated import Block, Slice
from helpers.sandbox.tokens import identifier

__all__ = ["ActivityLog", "Row", "Selection"]

Row = dict[str, Any]


@dataclass
class ActivityLog:
    """Rows in the order of their time."""

    rows: list[Row] = field(default_factory=list)
    block: Block | None = None

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
        """Put a row in its place in time; of equal times, the later written is the newer."""
        bisect.insort_right(self.rows, row, key=lambda r: int(r["created_at"]))

    def select(self, after: int, before: int, types: Collection[str] = ()) -> Selection:
        """The rows in [after, before], newest first; all types where none is named."""
        low = bisect.bisect_left(self.rows, after, key=lambda r: int(r["created_at"]))
        high = bisect.bisect_right(self.rows, before, key=lambda r: int(r["created_at"]))
        recorded = [
            r for r in reversed(self.rows[low:high]) if not types or r["activity_type"] in types
        ]
        computed = self.block.slice(after, before, types) if self.block else None
        return Selection(recorded, computed)


class Selection:
    """A merged view over recorded and computed rows that can be cut anywhere."""

    def __init__(self, recorded: Sequence[Row], computed: Slice | None) -> None:
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
        assert self._computed is not None  # noqa: S101 - places beyond the recorded ones are its
        return self._computed[place - number]
