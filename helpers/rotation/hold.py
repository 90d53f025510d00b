"""One operator at a time works on a rotation: a lock file that says who."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.core.errors import LockedError
from helpers.system.lock import locked

__all__ = ["hold"]


@contextmanager
def hold(folder: Path, variable: str, who: str) -> Iterator[None]:
    """Hold the rotation of a variable. The kernel frees it when the process ends, however it ends.

    Raises LockedError, which names the holder, and StateError where the folder can't be written.
    """

    def busy(holder: str) -> LockedError:
        return LockedError(
            f"{holder or 'someone'} is working on the rotation of {variable} at this moment.",
            "Wait until they are done, or ask them; `runbook rotate status` shows where it stands.",
        )

    with locked(folder / f"rotation-{variable}.lock", note=who, busy=busy):
        yield
