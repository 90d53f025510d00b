"""One operator at a time works on a rotation: a lock file that says who."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.core.errors import LockedError, StateError

__all__ = ["hold"]


@contextmanager
def hold(folder: Path, variable: str, who: str) -> Iterator[None]:
    """Hold the rotation of a variable. The kernel frees it when the process ends, however it ends.

    Raises LockedError, which names the holder, and StateError where the folder can't be written.
    """
    path = folder / f"rotation-{variable}.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise StateError(
            f"{path} can't be opened: {error.strerror}.", "Check its rights."
        ) from None
    try:
        _take(descriptor, variable)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, who.encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, variable: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace") or "someone"
        raise LockedError(
            f"{holder} is working on the rotation of {variable} at this moment.",
            "Wait until they are done, or ask them; `runbook rotate status` shows where it stands.",
        ) from None
