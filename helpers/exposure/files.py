"""Files: the working tree (tracked, untracked, ignored) and git's own folder.

Symbolic links are not followed; those that lead out of the repository are listed, because what is
there belongs to somebody else. What can't be read is reported. The cache knows a file by its
path, size, times and inode, so an unchanged file is not read again; and by its content, under the
id that git would give it, so a copy of a committed object is not scanned twice.
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

from helpers.exposure.items import (
    DEFAULT_PATH_CLASS,
    Origin,
    OriginKind,
    ScanItem,
    read_items,
)

__all__ = ["Files", "read_file"]

_GIT: Final = ".git"


@dataclass
class Files:
    """The files below a folder as items. `nested` lists the repositories found below it.

    `links` lists the symbolic links that lead out of `root` and `inside`, with their targets.

    `reuse` is called with a file's cache keys before it is read, and again after; if it returns
    True, the file is left out. Names begin with `prefix`; `skip` names entries of the root to skip.
    """

    root: Path
    kind: OriginKind = OriginKind.FILE
    prefix: str = ""
    skip: frozenset[str] = frozenset()
    reuse: Callable[[tuple[str, ...], Origin], bool] = lambda keys, origin: False  # noqa: ARG005
    path_class: Callable[[str], str] = lambda path: DEFAULT_PATH_CLASS  # noqa: ARG005
    algorithm: str = "sha1"  # the hash that names the repository's objects
    inside: Path | None = None  # the scanned repository's top
    nested: list[Path] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[ScanItem]:
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
                    self._add_nested(inner)
                elif name in self.skip:
                    continue
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
                elif entry.is_file(follow_symlinks=False):
                    yield from self._file(entry, name)
                elif entry.is_symlink():
                    self._add_link(entry.path, name)

    def _add_nested(self, inner: str) -> None:
        if inner:
            self.nested.append(self.root / inner)

    def _add_link(self, path: str, inner: str) -> None:
        target = Path(os.path.realpath(path))
        if not any(top and target.is_relative_to(top) for top in (self.root, self.inside)):
            self.links.append((self.prefix + inner, str(target)))

    def _file(self, entry: os.DirEntry[str], inner: str) -> Iterator[ScanItem]:
        origin = Origin(self.kind, self.prefix + inner)
        try:
            key = _file_key(origin.name, entry.stat(follow_symlinks=False))
            if not self.reuse((key,), origin):
                yield from self._new(entry.path, origin, key)
        except OSError as error:
            yield self._unread(inner, error)

    def _new(self, path: str, origin: Origin, key: str) -> Iterator[ScanItem]:
        """Yield the file's items; none if its content is known from an object or another file."""
        path_class = self.path_class(origin.name)
        for item in _read(path, origin, key):
            if item.reason or not item.whole:
                yield item
                continue
            content = self._content_id(item.data) + path_class
            if not self.reuse((content, key), origin):
                yield replace(item, cache_keys=(content, key))

    def _content_id(self, data: bytes) -> str:
        """Return the id that git gives such a blob."""
        digest = hashlib.new(self.algorithm, b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    def _unread(self, inner: str, error: OSError) -> ScanItem:
        origin = Origin(self.kind, self.prefix + (inner or "."))
        why = error.strerror or "unreadable"
        return ScanItem(origin, "", b"", reason=f"can't be read: {why}")


def read_file(path: Path, origin: Origin) -> Iterator[ScanItem]:
    """Read one file again as items; yields nothing if it can't be read any more."""
    with suppress(OSError):
        yield from _read(os.fspath(path), origin, "")


def _read(path: str, origin: Origin, key: str) -> Iterator[ScanItem]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as stream:  # noqa: PTH123 (by descriptor)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return
        whole = yield from read_items(origin, origin.name, stream, status.st_size, key)
        if not whole:
            yield ScanItem(origin, "", b"", reason="it changed while it was read")


def _file_key(name: str, status: os.stat_result) -> str:
    seen = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {name}"
    return hashlib.blake2b(seen.encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()
