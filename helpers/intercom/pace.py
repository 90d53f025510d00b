"""Keeping within Intercom's rate limit, which is counted in windows of ten seconds.

`X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds since 1970) are read from every answer. The
reset is compared with the `Date` of the same answer where that is near it, so that this machine's
clock does not matter; no wait is longer than a window and a half. `Retry-After` is not documented.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx

__all__ = ["Pace", "pause_until_reset"]

_LONGEST: Final = 15.0  # seconds; a window and a half
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_FALLBACK: Final = 1.0  # seconds, where the answer does not say


class Pace:
    """Remembers until when nothing is left, and holds every call that long, of any thread."""

    def __init__(
        self,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._until = 0.0
        self.remaining: int | None = None

    def observe(self, response: httpx.Response) -> None:
        """Read the rate limit from an answer; answers may come in another order than they left."""
        remaining = response.headers.get("X-RateLimit-Remaining", "")
        self.remaining = int(remaining) if _NUMBER.fullmatch(remaining) else None
        if self.remaining == 0:
            self._until = max(self._until, self._clock() + pause_until_reset(response))

    def hold(self, longest: float = _LONGEST) -> None:
        """Wait for the next window where this one is used up, at most `longest` seconds."""
        pause = min(self._until - self._clock(), longest)
        if pause > 0:
            self._sleep(pause)


def pause_until_reset(response: httpx.Response) -> float:
    """Seconds until the window of this answer ends: more than none, 15 at most, 1 if not said."""
    reset = response.headers.get("X-RateLimit-Reset", "")
    if not _NUMBER.fullmatch(reset):
        return _FALLBACK
    for now in (_date(response), time.time()):
        if now is not None and 0 <= int(reset) - now <= _LONGEST:
            return max(int(reset) - now, 0.1)
    return _FALLBACK


def _date(response: httpx.Response) -> float | None:
    try:
        return parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None
