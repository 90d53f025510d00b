"""Files for their owner only, whole or not there: written beside their place, then renamed.

What is written this way survives a power cut: the bytes reach the disk before the name does.
"""

from __future__ import annotations

import grp
import os
import pwd
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from helpers.core.errors import StateError, UsageError

__all__ = [
    "make_private",
    "private_folder",
    "replace_private",
    "state_folder",
    "sync_folder",
    "write_beside",
    "write_private",
]


def private_folder(path: Path) -> Path:
    """Make a folder (0700) and its parents. Raises UsageError where that is refused."""
    try:
        make_private(path)
    except OSError as error:
        raise UsageError(
            f"{path} can't be made: {error.strerror}.", "Name another folder with --out."
        ) from None
    return path


def make_private(path: Path) -> None:
    """Make a folder and those above it that are missing, each 0700. Raises OSError."""
    for folder in (*reversed(path.parents), path):
        folder.mkdir(mode=0o700, exist_ok=True)


def state_folder(path: Path) -> Path:
    """Make a folder for state, in a place where no other user can put another one.

    Raises StateError, with the command that fixes it, where one could: state decides what is
    reported as new and which rotation is open. Raises OSError where the folder can't be made.
    """
    make_private(path)
    real = path.resolve()
    for folder in (real, *real.parents):
        status = folder.stat()
        if folder != real and status.st_mode & stat.S_ISVTX and status.st_uid in _trusted_owners():
            continue  # such as /tmp: others can't rename what is ours in it
        if status.st_uid not in _trusted_owners():
            raise _shared(folder, "it belongs to another user", "chown $(id -u)")
        if status.st_mode & stat.S_IWOTH:
            raise _shared(folder, "every user can write to it", "chmod o-w")
        if status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid):
            raise _shared(folder, "a group can write to it", "chmod g-w")
    return path


def _trusted_owners() -> tuple[int, int]:
    return (0, os.geteuid())


def _is_own_group(group: int) -> bool:
    """Whether a group is the user's alone, as many systems make one for each user."""
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
        entry = grp.getgrgid(group)
    except KeyError:
        return False
    return entry.gr_name == name and set(entry.gr_mem) <= {name}


def _shared(folder: Path, why: str, command: str) -> StateError:
    return StateError(
        f"{folder} is no place for state: {why}.",
        f"Run `{command} {folder}`, or set RUNBOOK_STATE_HOME to another folder.",
    )


def write_private(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write a file (0600) so that a reader sees the old one or the whole new one.

    With `durable=False`, for a file that is written again and again, a power cut may lose it.
    Raises UsageError where the folder refuses it, or the disk is full.
    """
    private_folder(path.parent)
    data = content.encode() if isinstance(content, str) else content
    try:
        replace_private(path, data, durable=durable)
    except OSError as error:
        raise UsageError(
            f"{path} can't be written: {os.strerror(error.errno or 0)}.",
            "Make room, or name another folder with --out.",
        ) from None


def replace_private(path: Path, content: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Put a new file in the place of `path`, in one step. Raises OSError; nothing is left then."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_beside(temporary, content, mode=mode, durable=durable)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def write_beside(
    temporary: Path,
    content: bytes,
    *,
    mode: int = 0o600,
    durable: bool = True,
    prepare: Callable[[int], None] | None = None,
) -> None:
    """Write a new file whole, to be renamed by the caller; `prepare` gets its descriptor, empty.

    Raises OSError, where the name is taken too, and what `prepare` raises; no file is left then.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, mode)
    try:
        if prepare:
            prepare(descriptor)
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        if durable:
            os.fsync(descriptor)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a new, renamed or removed name in a folder survive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
