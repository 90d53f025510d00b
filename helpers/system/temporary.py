"""Temporary folders that don't outlive their process: the next run removes a killed one's.

Each holds a file that its process keeps locked. The kernel frees the lock however the process
ends, so a folder whose lock is free belongs to nobody, and the folder of a live run is never
touched.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final

from helpers.system.lock import acquire, open_lock_file

__all__ = [
    "LOCK",
    "OwnedFolder",
    "hold_folder",
    "owned_folder",
    "remove_abandoned",
    "temporary_folder",
]

LOCK: Final = ".owner"
_TRIES: Final = 10


class OwnedFolder:
    """A temporary folder (0700) that this process owns until `close`."""

    def __init__(self, prefix: str, base: str | None = None) -> None:
        for _ in range(_TRIES):
            self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
            self._held = hold_folder(self.path)
            if self._held is not None:
                return
        raise FileExistsError(f"{prefix} in {base}")  # pragma: no cover (ten times in a row)

    def close(self) -> None:
        """Remove it with everything in it; closing it again changes nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        held, self._held = self._held, None
        if held is not None:
            os.close(held)


def hold_folder(folder: Path) -> int | None:
    """Mark a folder as this process's; None if somebody has just removed it as abandoned.

    Closing the descriptor, or the end of the process, ends that.
    """
    try:
        held = open_lock_file(folder / LOCK)
    except OSError:
        return None
    with suppress(OSError):
        acquire(held, wait=0)
        if os.fstat(held).st_ino == (folder / LOCK).stat().st_ino:
            return held
    os.close(held)
    return None


@contextmanager
def owned_folder(prefix: str, base: str | None = None) -> Iterator[Path]:
    """Make a temporary folder that goes with this block, or after a kill with the next run."""
    folder = OwnedFolder(prefix, base)
    try:
        yield folder.path
    finally:
        folder.close()


class _SharedFolders:
    """This process's folder for each prefix. A forked child makes folders of its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._folders: dict[tuple[int, str], OwnedFolder] = {}

    def get(self, prefix: str) -> Path:
        """Return the folder, made on first use and again if somebody removed it."""
        key = (os.getpid(), prefix)
        with self._lock:
            found = self._folders.get(key)
            if found is None or not found.path.is_dir():
                if found is None:
                    remove_abandoned(Path(tempfile.gettempdir()), f"{prefix}*")
                found = self._folders[key] = OwnedFolder(prefix)
            return found.path

    def close(self) -> None:
        """Remove the folders of this process."""
        for (process, _), folder in self._folders.items():
            if process == os.getpid():
                folder.close()

    def renew_lock(self) -> None:
        """Forget a lock that another thread held while the process forked."""
        self._lock = Lock()


_SHARED: Final = _SharedFolders()
atexit.register(_SHARED.close)
os.register_at_fork(after_in_child=_SHARED.renew_lock)


def temporary_folder(prefix: str) -> Path:
    """Make a new folder inside one folder that this process owns for all of its prefix.

    Its maker removes it. What a killed process left, the next process removes on its first call.
    """
    return Path(tempfile.mkdtemp(dir=_SHARED.get(prefix)))


def remove_abandoned(base: Path, pattern: str) -> list[Path]:
    """Remove this user's folders whose process is gone; return them. Others are left as they are.

    A folder without a lock file is left, too: nobody knows whose it is.
    """
    removed = []
    for folder in sorted(base.glob(pattern)):
        with suppress(OSError):
            if _is_abandoned(folder):
                shutil.rmtree(folder)
                removed.append(folder)
    return removed


def _is_abandoned(folder: Path) -> bool:
    lock = folder / LOCK
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid() or lock.is_symlink():
        return False
    if not lock.is_file():
        return False
    held = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        acquire(held, wait=0)
    except BlockingIOError:
        return False
    finally:
        os.close(held)
    return True
