"""The git objects: every blob, commit and tag that is stored, reachable or not.

Listed by `git cat-file --batch-check --batch-all-objects`, read by `git cat-file --batch`. Dangling
objects, stashes, dropped and amended commits and notes are objects like any other.
"""

from __future__ import annotations

import fcntl
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Final

from helpers.core.errors import CollectionError
from helpers.exposure.items import (
    DEFAULT_PATH_CLASS,
    Origin,
    OriginKind,
    ScanItem,
    read_items,
)
from helpers.exposure.repository import Repository

__all__ = [
    "StoredObject",
    "absent_objects",
    "list_objects",
    "named_objects",
    "read_objects",
]

_KINDS: Final = {
    b"blob": OriginKind.BLOB,
    b"commit": OriginKind.COMMIT,
    b"tag": OriginKind.TAG,
}
_MOST_DAMAGED: Final = 50  # damaged objects after which reading stops
_FORMAT: Final = "%(objecttype) %(objectname) %(objectsize)"


@dataclass(slots=True)
class StoredObject:
    """An object's kind, id and size in bytes; its path and path class if rules depend on them."""

    kind: OriginKind
    oid: str
    size: int
    path: str = ""
    path_class: str = DEFAULT_PATH_CLASS

    @property
    def cache_key(self) -> str:
        """The object's key in the cache: the same bytes at another class of paths are new."""
        return self.oid + self.path_class

    @property
    def origin(self) -> Origin:
        """The object as the origin of bytes."""
        return Origin(self.kind, self.oid)


def list_objects(repository: Repository) -> Iterator[StoredObject]:
    """List every object except trees, in the order in which they are stored."""
    arguments = (
        "cat-file",
        f"--batch-check={_FORMAT}",
        "--batch-all-objects",
        "--unordered",
        "--buffer",
    )
    with _streaming(repository, arguments, required=True) as (_, output):
        yield from filter(None, map(_listed, output))


def named_objects(repository: Repository, oids: Iterable[str]) -> Iterator[StoredObject]:
    """List the named objects that are stored, except trees."""
    arguments = ("cat-file", f"--batch-check={_FORMAT}", "--buffer")
    with _streaming(repository, arguments, required=True) as (feed, output):
        threading.Thread(target=_send, args=(feed, oids), daemon=True).start()
        yield from filter(None, map(_listed, output))


def absent_objects(repository: Repository) -> Iterator[str]:
    """Yield the ids of objects that the history needs and a partial clone left at its remote."""
    arguments = ("rev-list", "--objects", "--no-object-names", "--missing=print", "--all")
    with _streaming(repository, arguments) as (_, output):
        yield from (line[1:].decode().strip() for line in output if line.startswith(b"?"))


def _listed(line: bytes) -> StoredObject | None:
    if line.startswith(b"tree"):
        return None
    if line.endswith(b" missing\n"):  # listed but damaged: reading it reports that
        return StoredObject(OriginKind.BLOB, line.split()[0].decode(), 0)
    kind, oid, size = [*line.split(), b"", b""][:3]
    known = _KINDS.get(kind)
    return StoredObject(known, oid.decode(), int(size)) if known else None


def read_objects(repository: Repository, wanted: Sequence[StoredObject]) -> Iterator[ScanItem]:
    """Read the objects. A damaged object is reported, and reading continues after it."""
    start, damaged = 0, 0
    while start < len(wanted) and damaged < _MOST_DAMAGED:
        for item in _read(repository, wanted[start:]):
            start += item.whole or not item.data
            yield item
        if start < len(wanted):
            damaged += 1
            yield _unread(wanted[start], "the object is damaged")
            start += 1
    for one in wanted[start:]:
        yield _unread(one, f"reading stopped after {_MOST_DAMAGED} damaged objects")


def _read(repository: Repository, wanted: Sequence[StoredObject]) -> Iterator[ScanItem]:
    """Read to the end, or until git stops at a damaged object."""
    with _streaming(repository, ("cat-file", "--batch", "--buffer")) as (feed, output):
        threading.Thread(target=_send, args=(feed, [o.oid for o in wanted]), daemon=True).start()
        for stored in wanted:
            head = output.readline().split()
            if len(head) == 2:  # noqa: PLR2004 (`<oid> missing`)
                yield _unread(stored, "the object is missing or damaged")
                continue
            if len(head) != 3:  # noqa: PLR2004 (`<oid> <kind> <size>`)
                return
            size = int(head[2])
            whole = yield from read_items(
                stored.origin, stored.path, output, size, stored.cache_key
            )
            if not whole:
                return
            output.read(1)


def _unread(stored: StoredObject, reason: str) -> ScanItem:
    return ScanItem(stored.origin, "", b"", reason=reason)


def _send(feed: IO[bytes], oids: Iterable[str]) -> None:
    with suppress(OSError, ValueError):  # git has exited: the reader notices
        feed.writelines(oid.encode() + b"\n" for oid in oids)
        feed.close()


@contextmanager
def _streaming(
    repository: Repository, arguments: Sequence[str], *, required: bool = False
) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Run git and yield its input and output. It is ended afterwards in any case.

    If the output is `required`, it is read to its end: raises CollectionError if git then fails,
    so that an empty list is never mistaken for an empty repository.
    """
    process = subprocess.Popen(  # noqa: S603 (a fixed program, the arguments are ours)
        repository.command(*arguments),
        cwd=repository.place,
        env=repository.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=1 << 20,
    )
    if process.stdin is None or process.stdout is None:  # pragma: no cover (both are pipes)
        raise AssertionError
    with suppress(OSError, AttributeError):  # fewer switches between the two processes
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
    try:
        yield process.stdin, process.stdout
        if required and process.wait():
            raise CollectionError(
                f"git {arguments[0]} failed in {repository.place}.", "Run `git fsck` there."
            )
    finally:
        process.kill()
        process.stdout.close()
        with suppress(OSError, ValueError):
            process.stdin.close()
        process.wait()
