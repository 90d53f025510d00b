"""Files for their owner only, whole or not there: written beside their place, then renamed.

What is written this way survives a power cut: the bytes reach the disk before the name does.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from helpers.core.errors import UsageError

__all__ = ["private_folder", "replace_private", "sync_folder", "write_beside", "write_private"]


def private_folder(path: Path) -> Path:
    """Make a folder (0700) and its parents. Raises UsageError where that is refused."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path} can't be made: {error.strerror}.", "Name another folder with --out."
        ) from None
    return path


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
