"""Files: the working tree (tracked, untracked, ignored) and git's own folder.

Symbolic links are not followed; what can't be read is told. A file is known to the cache by its
path, size, times and inode, so an unchanged one is not read again; and by its content, as git
would name it, so one that is like a committed object is not looked at twice.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from helpers.exposure.items import Item, Origin, OriginKind
from helpers.exposure.path_rules import NO_CLASS
from helpers.exposure.pieces import pieces

__all__ = ["Files", "read_file"]

_GIT: Final = ".git"


@dataclass
class Files:
    """The files below a folder, as items; `nested` is told of each repository below it.

    `known` is asked about a mark, with the file's name, before a file is read and after: what it
    knows is left out. Names begin with `prefix`; `skip` names entries right below the root.
    """

    root: Path
    kind: OriginKind = OriginKind.FILE
    prefix: str = ""
    skip: frozenset[str] = frozenset()
    known: Callable[[tuple[str, ...], Origin], bool] = lambda marks, origin: False  # noqa: ARG005
    path_class: Callable[[str], str] = lambda path: NO_CLASS  # noqa: ARG005
    algorithm: str = "sha1"  # by which the repository names its objects
    nested: list[Path] = field(default_factory=list)

    def __iter__(self) -> Iterator[Item]:
        folders = [""]
        while folders:
            inner = folders.pop()
            try:
                with os.scandir(f"{self.root}/{inner}") as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                yield self._unread(inner.rstrip("/"), error)
                continue
            for entry in listed:
                name = inner + entry.name
                if entry.name == _GIT and self.kind is OriginKind.FILE:
                    self._meet(inner)
                elif name in self.skip:
                    continue
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
                elif entry.is_file(follow_symlinks=False):
                    yield from self._file(entry, name)

    def _meet(self, inner: str) -> None:
        if inner:
            self.nested.append(self.root / inner)

    def _file(self, entry: os.DirEntry[str], inner: str) -> Iterator[Item]:
        origin = Origin(self.kind, self.prefix + inner)
        try:
            mark = _mark(origin.name, entry.stat(follow_symlinks=False))
            if not self.known((mark,), origin):
                yield from self._fresh(entry.path, origin, mark)
        except OSError as error:
            yield self._unread(inner, error)

    def _fresh(self, path: str, origin: Origin, mark: str) -> Iterator[Item]:
        """The file's items; none where its content was looked at, as an object or another file."""
        path_class = self.path_class(origin.name)
        for item in _read(path, origin, mark):
            if item.reason or not item.whole:
                yield item
                continue
            content = self._content_id(item.data) + path_class
            if not self.known((content, mark), origin):
                yield replace(item, marks=(content, mark))

    def _content_id(self, data: bytes) -> str:
        """The id that git gives such a blob."""
        digest = hashlib.new(self.algorithm, b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    def _unread(self, inner: str, error: OSError) -> Item:
        origin = Origin(self.kind, self.prefix + (inner or "."))
        why = error.strerror or "unreadable"
        return Item(origin, "", b"", reason=f"can't be read: {why}")


def read_file(path: Path, origin: Origin) -> Iterator[Item]:
    """One file again, as items; nothing where it can't be read any more."""
    with suppress(OSError):
        yield from _read(os.fspath(path), origin, "")


def _read(path: str, origin: Origin, mark: str) -> Iterator[Item]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as stream:  # noqa: PTH123 (by descriptor)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return
        whole = yield from pieces(origin, origin.name, stream, status.st_size, mark)
        if not whole:
            yield Item(origin, "", b"", reason="it changed while it was read")


def _mark(name: str, status: os.stat_result) -> str:
    seen = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {name}"
    return hashlib.blake2b(seen.encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()
