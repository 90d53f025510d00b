"""Replace a file so that a crash, at any moment, leaves the old content or the new one, whole.

The folder is locked (`flock`), so that two writers work one after the other and leftovers of a
killed one can be swept. What can't be replaced without harm is refused: hard links, mount points,
anything that is no regular file, files that this user may not write.

Order: temporary file beside the target (exclusive, 0600), owner, mode, extended attributes, all
bytes, fsync; the target is checked once more; rename; fsync of the folder; read back.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from helpers.rotation.stores.base import ConflictError, StoreError
from helpers.system.files import write_beside
from helpers.system.lock import acquire

__all__ = ["check_replaceable", "create", "delete", "locked", "read", "replace"]

Change = Callable[[bytes], bytes]


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Hold a folder's lock; gives its descriptor. Waits for another writer, which takes moments."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _refused(folder, error) from None
    try:
        acquire(descriptor)
        yield descriptor
    except OSError as error:
        raise _refused(folder, error) from None
    finally:
        os.close(descriptor)


def read(path: Path) -> bytes | None:
    """The content of a regular file, links not followed; None where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(path, error) from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise StoreError(f"{path} is no regular file.", "Name a regular file.")
        return file.read()


def check_replaceable(path: Path) -> os.stat_result:
    """Raise StoreError where the file at `path` (no link) can't be replaced without harm."""
    try:
        found = path.lstat()
    except OSError as error:
        raise _refused(path, error) from None
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{path} is no regular file.", "Name a regular file.")
    if found.st_nlink > 1:
        raise StoreError(
            f"{path} has {found.st_nlink} hard links; the others would keep the old secret.",
            "Remove the other links, or copy the file.",
        )
    if _is_mount(path):
        raise StoreError(
            f"{path} is a mount of its own (a container's?), which can't be replaced in one step.",
            "Mount its folder instead, or rotate on the host.",
        )
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK | os.X_OK):
        raise StoreError(
            f"{path} or its folder can't be written by this user.",
            "Give the user the right, or run it as the owner.",
        )
    return found


def replace(path: Path, change: Change) -> None:
    """Replace a file's content by `change(content)`.

    Raises StoreError, and what `change` raises; nothing is changed then.
    """
    with locked(path.parent) as folder:
        _sweep(path)
        before = check_replaceable(path)
        old = read(path)
        if old is None:  # pragma: no cover (it was there a moment ago, and the folder is locked)
            raise ConflictError(f"{path} has vanished.", "Find out what else writes it.")
        new = change(old)
        if new == old:
            return
        temporary = _write_beside(path, new, like=before)
        try:
            _unchanged(path, before)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        os.fsync(folder)
        if read(path) != new:
            raise ConflictError(f"{path} was overwritten at once.", "Find out what else writes it.")


def create(path: Path, content: bytes) -> None:
    """Write a private file (0600) durably, in place of an older one of that name."""
    with locked(path.parent) as folder:
        _sweep(path)
        temporary = _write_beside(path, content)
        temporary.replace(path)
        os.fsync(folder)


def delete(path: Path) -> None:
    """Remove a file durably, if it is there."""
    with locked(path.parent) as folder:
        _sweep(path)
        path.unlink(missing_ok=True)
        os.fsync(folder)


def _write_beside(path: Path, content: bytes, *, like: os.stat_result | None = None) -> Path:
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp.local")
    write_beside(temporary, content, prepare=partial(_dress, path, like) if like else None)
    return temporary


def _dress(path: Path, like: os.stat_result, descriptor: int) -> None:
    """Owner, mode and extended attributes (ACLs among them) as the old file has them."""
    if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(descriptor, like.st_uid, like.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
    for name in _attributes(path):
        with suppress(PermissionError):  # labels that the system sets by itself
            os.setxattr(descriptor, name, os.getxattr(path, name, follow_symlinks=False))


def _attributes(path: Path) -> list[str]:
    """The names of a file's extended attributes; none where there is no such thing."""
    if not hasattr(os, "listxattr"):  # Linux alone has it
        return []
    try:
        return os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.ENOTSUP:  # the file system does not keep any
            return []
        raise


def _unchanged(path: Path, before: os.stat_result) -> None:
    now = path.lstat()
    same = ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
    if any(getattr(now, name) != getattr(before, name) for name in same):
        raise ConflictError(
            f"{path} was changed by another program just now; nothing was written.",
            "Find out what else writes it, then continue with --resume.",
        )


def _sweep(path: Path) -> None:
    """Remove what a killed writer left; no living one can be at work, as the folder is locked."""
    pattern = re.compile(re.escape(path.name) + r"\.[0-9a-f]{16}\.tmp\.local")
    for found in path.parent.iterdir():
        if pattern.fullmatch(found.name):
            found.unlink(missing_ok=True)


def _is_mount(path: Path) -> bool:
    """A bind mount of a single file has its folder's device: only the mount table shows it."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8")
    except OSError:
        return False
    real = str(path).encode("unicode_escape").decode().replace(" ", r"\040")
    return any(line.split(" ", 5)[4] == real for line in mounts.splitlines())


def _refused(path: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"The disk under {path} is full; nothing was changed.", "Make room.")
    if error.errno == errno.ELOOP:
        return StoreError(f"{path} has become a symbolic link.", "Find out who changed it.")
    return StoreError(
        f"{path} can't be used: {error.strerror}.",
        "Check the rights of the file and its folder.",
    )
