"""A block of activity rows that exist only as a rule: number in, row out.

Number 0 is the newest. Times fall evenly from `newest` to `oldest`; types follow a fixed pattern,
so the rows of one type are at known offsets, and none needs to be looked for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Block", "Slice"]

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
class Block:
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

    def slice(self, after: int, before: int, types: Collection[str] = ()) -> Slice:
        """The rows in [after, before] of these types (all where none is named)."""
        offsets = tuple(i for i, t in enumerate(_PATTERN) if not types or t in types)
        return Slice(
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
class Slice:
    """The rows `start` to `stop` of a block whose place in the pattern is one of `offsets`."""

    block: Block
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
