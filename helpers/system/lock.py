"""Locks that the kernel frees when their process ends, however it ends: none is ever stale.

`lock_profile` holds a whole profile for one run. `locked` holds any lock file, for a block.
`open_lock_file`, `acquire` and `release` are for a lock that is taken again and again.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from helpers.core.errors import LockedError, StateError
from helpers.system.files import make_private

__all__ = ["acquire", "lock_profile", "locked", "open_lock_file", "release"]

_POLL_SECONDS: Final = 0.2
_LONGEST_NOTE: Final = 200  # bytes that are read of what a holder wrote


@contextmanager
def lock_profile(folder: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the profile whose state is in `folder`; wait up to `wait` seconds for it.

    Raises LockedError, which says who runs and since when, and StateError where the folder can't
    be written.
    """
    since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    note = json.dumps({"pid": os.getpid(), "since": since})

    def busy(held_by: str) -> LockedError:
        return _under_way(folder.name, held_by)

    with locked(folder / "lock", note=note, wait=wait, busy=busy):
        yield


@contextmanager
def locked(
    path: Path, *, note: str, busy: Callable[[str], LockedError], wait: float = 0.0
) -> Iterator[None]:
    """Hold a lock file with a note of who holds it; wait up to `wait` seconds for it.

    Where somebody else has it, raises what `busy` makes of their note (empty if they have not
    written it yet). Raises StateError where the file can't be opened or written.
    """
    try:
        descriptor = open_lock_file(path)
    except OSError as error:
        raise _refused(path, "opened", error) from None
    try:
        try:
            acquire(descriptor, wait=wait)
        except BlockingIOError:
            raise busy(os.pread(descriptor, _LONGEST_NOTE, 0).decode("utf-8", "replace")) from None
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, note.encode(), 0)
        except OSError as error:
            raise _refused(path, "written", error) from None
        yield
    finally:
        os.close(descriptor)


def open_lock_file(path: Path) -> int:
    """Open a lock file, made private with its folder; closing the descriptor frees the lock.

    Raises OSError, for a symbolic link too.
    """
    make_private(path.parent)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def acquire(descriptor: int, *, wait: float | None = None) -> None:
    """Lock an open file or folder; wait up to `wait` seconds, or for as long as it takes.

    Raises BlockingIOError where somebody else still holds it then.
    """
    if wait is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def release(descriptor: int) -> None:
    """Free the lock, and keep the file open for the next time."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def _refused(path: Path, what: str, error: OSError) -> StateError:
    return StateError(
        f"{path} can't be {what}: {error.strerror}.",
        "Check the folder's rights and the disk's space, or set RUNBOOK_STATE_HOME to another one.",
    )


def _under_way(profile: str, held_by: str) -> LockedError:
    try:
        holder = json.loads(held_by)
        who = f"process {holder['pid']} holds it since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        who = "a run that has just started holds it"
    return LockedError(
        f"Another run of profile {profile} is under way: {who}.",
        "Wait for it to end, or use another RUNBOOK_STATE_HOME.",
    )
