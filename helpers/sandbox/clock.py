"""The workspace's clock: it stands still until it is told to move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["DEMO_NOW", "Clock"]

DEMO_NOW: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """An injected instant. `skew` (a fault) shifts what answers claim, not what is true."""

    instant: datetime = DEMO_NOW
    skew: timedelta = timedelta(0)

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.instant.timestamp())

    @property
    def claimed(self) -> datetime:
        """What the `Date` header says."""
        return self.instant + self.skew

    def advance(self, seconds: float) -> None:
        """Move on (or back)."""
        self.instant += timedelta(seconds=seconds)

    @contextmanager
    def ago(self, days: float) -> Iterator[None]:
        """Be so many days earlier for a while: how a seed writes the past."""
        present, self.instant = self.instant, self.instant - timedelta(days=days)
        try:
            yield
        finally:
            self.instant = present
