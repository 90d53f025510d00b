"""One run a profile: a lock file that says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from helpers.core.errors import LockedError, StateError

__all__ = ["lock_profile"]

_POLL_SECONDS: Final = 0.2


@contextmanager
def lock_profile(folder: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the profile whose state is in `folder`; wait up to `wait` seconds for it.

    The kernel frees the lock when the process ends, however it ends, so that no stale lock can
    stand in the way. Raises LockedError, which says who runs and since when, and StateError where
    the folder can't be written.
    """
    path = folder / "lock"
    descriptor = _open(path)
    try:
        _take(descriptor, path, time.monotonic() + wait)
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StateError(
            f"{path} can't be opened: {error.strerror}.",
            "Check the folder's rights, or set RUNBOOK_STATE_HOME to another one.",
        ) from None


def _take(descriptor: int, path: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise _locked(path) from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _sign(descriptor: int) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "since": since}).encode(), 0)


def _locked(path: Path) -> LockedError:
    try:
        holder = json.loads(path.read_text("utf-8"))
        who = f"process {holder['pid']} holds it since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "a run that has just started holds it"
    return LockedError(
        f"Another run of profile {path.parent.name} is under way: {who}.",
        "Wait for it to end, or use another RUNBOOK_STATE_HOME.",
    )
