"""Files: the working tree (tracked, untracked, ignored) and git's own folder.

Symbolic links are not followed; what can't be read is told. A file is known to the cache by its
path, size, times and inode, so an unchanged one is not read again.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from helpers.exposure.items import Item, Origin, OriginKind
from helpers.exposure.pieces import pieces

__all__ = ["Files", "read_file"]

_GIT: Final = ".git"


class Files:
    """The files below a folder, as items; `nested` is told of each repository below it."""

    def __init__(
        self,
        root: Path,
        kind: OriginKind = OriginKind.FILE,
        *,
        prefix: str = "",
        known: Callable[[str], bool] = lambda mark: False,  # noqa: ARG005 (by its name)
        skip: frozenset[str] = frozenset(),
    ) -> None:
        self.root = root
        self.kind = kind
        self.prefix = prefix
        self.known = known
        self.skip = skip  # names of entries right below the root
        self.nested: list[Path] = []
        self.known_files: dict[str, str] = {}  # mark and name

    def __iter__(self) -> Iterator[Item]:
        folders = [self.root]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                yield self._unread(folder, error.strerror or "unreadable")
                continue
            for entry in listed:
                if entry.name == _GIT and self.kind is OriginKind.FILE:
                    self._meet(folder)
                elif folder == self.root and entry.name in self.skip:
                    continue
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(folder / entry.name)
                elif entry.is_file(follow_symlinks=False):
                    yield from self._file(entry)

    def _meet(self, folder: Path) -> None:
        if folder != self.root:
            self.nested.append(folder)

    def _file(self, entry: os.DirEntry[str]) -> Iterator[Item]:
        name = self._name(Path(entry.path))
        try:
            mark = _mark(name, entry.stat(follow_symlinks=False))
            if self.known(mark):
                self.known_files[mark] = name
                return
            yield from _read(entry.path, Origin(self.kind, name), mark)
        except OSError as error:
            yield self._unread(Path(entry.path), error.strerror or "unreadable")

    def _name(self, path: Path) -> str:
        return self.prefix + os.path.relpath(path, self.root)

    def _unread(self, path: Path, why: str) -> Item:
        return Item(Origin(self.kind, self._name(path)), "", b"", reason=f"can't be read: {why}")


def read_file(path: Path, origin: Origin) -> Iterator[Item]:
    """One file again, as items; nothing where it can't be read any more."""
    with suppress(OSError):
        yield from _read(os.fspath(path), origin, "")


def _read(path: str, origin: Origin, mark: str) -> Iterator[Item]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:  # noqa: PTH123 (by descriptor)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return
        whole = yield from pieces(origin, origin.name, stream, status.st_size, mark)
        if not whole:
            yield Item(origin, "", b"", reason="it changed while it was read")


def _mark(name: str, status: os.stat_result) -> str:
    seen = (name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return hashlib.sha256(repr(seen).encode("utf-8", "surrogatepass")).hexdigest()[:40]
