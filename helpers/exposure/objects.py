"""The git objects: every blob, commit and tag that is stored, reachable or not.

Listed by `git cat-file --batch-check --batch-all-objects`, read by `git cat-file --batch`. Dangling
ones, stashes, dropped and amended commits and notes are objects like any other.
"""

from __future__ import annotations

import fcntl
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Final

from helpers.exposure.items import Item, Origin, OriginKind
from helpers.exposure.path_rules import NO_CLASS
from helpers.exposure.pieces import pieces
from helpers.exposure.repository import Repository
from helpers.system.git import git_environment

__all__ = [
    "StoredObject",
    "absent_objects",
    "list_objects",
    "named_objects",
    "read_objects",
    "streaming",
]

_KINDS: Final = {
    b"blob": OriginKind.BLOB,
    b"commit": OriginKind.COMMIT,
    b"tag": OriginKind.TAG,
}
_MOST_BROKEN: Final = 50  # after so many broken objects reading is given up


_FORMAT: Final = "%(objecttype) %(objectname) %(objectsize)"


@dataclass(slots=True)
class StoredObject:
    """An object's kind, id and size in bytes; a path, where rules mind it, and its class."""

    kind: OriginKind
    oid: str
    size: int
    path: str = ""
    path_class: str = NO_CLASS

    @property
    def mark(self) -> str:
        """What the cache knows it by: the same bytes under another class of paths are new."""
        return self.oid + self.path_class

    @property
    def origin(self) -> Origin:
        """It, as the place some bytes come from."""
        return Origin(self.kind, self.oid)


def list_objects(repository: Repository) -> Iterator[StoredObject]:
    """Every object but the trees, in the order in which they are stored."""
    arguments = (
        "cat-file",
        f"--batch-check={_FORMAT}",
        "--batch-all-objects",
        "--unordered",
        "--buffer",
    )
    with streaming(repository, arguments) as (_, output):
        yield from filter(None, map(_listed, output))


def named_objects(repository: Repository, oids: Iterable[str]) -> Iterator[StoredObject]:
    """Those of the named objects that are stored and no trees."""
    arguments = ("cat-file", f"--batch-check={_FORMAT}", "--buffer")
    with streaming(repository, arguments) as (feed, output):
        threading.Thread(target=_ask, args=(feed, oids), daemon=True).start()
        yield from filter(None, map(_listed, output))


def absent_objects(repository: Repository) -> Iterator[str]:
    """The ids of objects that the history needs and a partial clone left at its remote."""
    asked = ("rev-list", "--objects", "--no-object-names", "--missing=print", "--all")
    with streaming(repository, asked) as (_, output):
        yield from (line[1:].decode().strip() for line in output if line.startswith(b"?"))


def _listed(line: bytes) -> StoredObject | None:
    if line.startswith(b"tree"):
        return None
    if line.endswith(b" missing\n"):  # listed, but damaged: reading it will say so
        return StoredObject(OriginKind.BLOB, line.split()[0].decode(), 0)
    kind, oid, size = [*line.split(), b"", b""][:3]
    known = _KINDS.get(kind)
    return StoredObject(known, oid.decode(), int(size)) if known else None


def read_objects(repository: Repository, wanted: Sequence[StoredObject]) -> Iterator[Item]:
    """The objects' bytes. One that is damaged is told as such, and reading goes on behind it."""
    start, broken = 0, 0
    while start < len(wanted) and broken < _MOST_BROKEN:
        for item in _read(repository, wanted[start:]):
            start += item.whole or not item.data
            yield item
        if start < len(wanted):
            broken += 1
            yield _unread(wanted[start], "the object is damaged")
            start += 1
    for stored in wanted[start:]:
        yield _unread(stored, f"reading stopped after {_MOST_BROKEN} damaged objects")


def _read(repository: Repository, wanted: Sequence[StoredObject]) -> Iterator[Item]:
    """Read until the end, or until git gives up at a damaged object."""
    with streaming(repository, ("cat-file", "--batch", "--buffer")) as (feed, output):
        threading.Thread(target=_ask, args=(feed, [o.oid for o in wanted]), daemon=True).start()
        for stored in wanted:
            head = output.readline().split()
            if len(head) == 2:  # noqa: PLR2004 (`<oid> missing`)
                yield _unread(stored, "the object is missing or damaged")
                continue
            if len(head) != 3:  # noqa: PLR2004 (`<oid> <kind> <size>`)
                return
            size = int(head[2])
            whole = yield from pieces(stored.origin, stored.path, output, size, stored.mark)
            if not whole:
                return
            output.read(1)


def _unread(stored: StoredObject, reason: str) -> Item:
    return Item(stored.origin, "", b"", reason=reason)


def _ask(feed: IO[bytes], oids: Iterable[str]) -> None:
    with suppress(OSError, ValueError):  # git went away: the reader notices
        feed.writelines(oid.encode() + b"\n" for oid in oids)
        feed.close()


@contextmanager
def streaming(
    repository: Repository, arguments: Sequence[str]
) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A git process to talk to; it is gone afterwards, however the talk ended."""
    process = subprocess.Popen(  # noqa: S603 (a fixed program, arguments are ours)
        repository.command(*arguments),
        cwd=repository.place,
        env=git_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=1 << 20,
    )
    if process.stdin is None or process.stdout is None:  # pragma: no cover (both are pipes)
        raise AssertionError
    with suppress(OSError, AttributeError):  # fewer turns between the two, where that is allowed
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
    try:
        yield process.stdin, process.stdout
    finally:
        process.kill()
        process.stdout.close()
        with suppress(OSError, ValueError):
            process.stdin.close()
        process.wait()
