"""The workspace's clock: it stands still until it is told to move, or to run."""

from __future__ import annotations

import time
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
    _since: float | None = None  # when it began to run, on the monotonic clock

    @property
    def present(self) -> datetime:
        """What it shows."""
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
        """Run from now on, as real clocks do."""
        self._since = time.monotonic()

    def set(self, instant: datetime) -> None:
        """Show this instant; run on from it where it runs."""
        self.instant = instant
        if self._since is not None:
            self.run()

    def advance(self, seconds: float) -> None:
        """Move on (or back)."""
        self.instant += timedelta(seconds=seconds)

    @contextmanager
    def ago(self, days: float) -> Iterator[None]:
        """Be so many days earlier for a while: how a seed writes the past."""
        self.advance(-days * 86_400)
        try:
            yield
        finally:
            self.advance(days * 86_400)
