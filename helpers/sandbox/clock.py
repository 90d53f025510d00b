"""The workspace's clock: it stands still until it is moved or started."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["DEMO_NOW", "Clock"]

DEMO_NOW: Final = datetime(2026, 5, 18, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """An injected instant. `skew` (a fault) shifts the `Date` header alone."""

    instant: datetime = DEMO_NOW
    skew: timedelta = timedelta(0)
    _since: float | None = None  # when it began to run, on the monotonic clock

    @property
    def present(self) -> datetime:
        """The current time of the clock."""
        ran = 0.0 if self._since is None else time.monotonic() - self._since
        return self.instant + timedelta(seconds=ran)

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.present.timestamp())

    @property
    def claimed(self) -> datetime:
        """What the `Date` header says."""
        return self.present + self.skew

    def run(self) -> None:
        """Start running, as a real clock does."""
        self._since = time.monotonic()

    def set(self, instant: datetime) -> None:
        """Set the time; a running clock continues from it."""
        self.instant = instant
        if self._since is not None:
            self.run()

    def advance(self, seconds: float) -> None:
        """Move forward, or back if negative."""
        self.instant += timedelta(seconds=seconds)

    @contextmanager
    def ago(self, days: float) -> Iterator[None]:
        """Go back by a number of days for a while: how a seed writes the past."""
        self.advance(-days * 86_400)
        try:
            yield
        finally:
            self.advance(days * 86_400)
