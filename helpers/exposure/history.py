"""Where blobs appear in the history: which commit added one to a path, and which removed it.

One `git log --raw` pass answers that for all blobs. Merges are shown combined: a blob that a merge
itself made (a resolution that none of the parents has) is seen, others are not reported twice.

Commits never change. So the cache keeps where the blobs of interest appear in the commits that it
knows, and a repeat scan asks git about new commits only. A digest of the known commits shows
whether the cached entry covers exactly these.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import IO, Any, Final

from helpers.core.errors import CollectionError
from helpers.exposure.repository import Repository
from helpers.exposure.scan_index import CacheStore

__all__ = [
    "Appearance",
    "Appearances",
    "BlobChange",
    "Commit",
    "CommitLog",
    "History",
    "reachable_from",
]

_LARGEST_LOG: Final = 4 << 30  # bytes
_MOST_DAMAGED: Final = 50  # damaged commits after which reading stops
_FORMAT: Final = "--format=%x01%H%x00%at%x00%an <%ae>"
_RECORD: Final = re.compile(
    rb"\x01([0-9a-f]{40,64})\0(-?\d+)\0([^\0]*)\0"  # a commit
    rb"|:+(?:[0-7]{6} )+((?:[0-9a-f]{40,64} )+)[A-Z]+\d*\0([^\0]*)\0"  # a change in it
)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its id, author and the author's time in UTC."""

    oid: str
    author: str
    when: datetime


@dataclass(frozen=True, slots=True)
class BlobChange:
    """A path in a commit: the blobs it had in the parents, and the one it has now."""

    commit: Commit
    path: str
    before: tuple[str, ...]
    after: str


@dataclass
class Appearance:
    """A blob at a path: the commits that added it, and those that replaced or removed it."""

    path: str
    added: list[Commit] = field(default_factory=list)
    removed: list[Commit] = field(default_factory=list)


Appearances = dict[str, dict[str, Appearance]]  # by blob and path


class CommitLog:
    """The changes of many commits, kept in an unnamed file while they are read."""

    def __init__(self, data: mmap.mmap | bytes, damaged: tuple[str, ...] = ()) -> None:
        self._data = data
        self.damaged = damaged  # commits whose changes can't be read

    @classmethod
    def of(cls, repository: Repository, commits: Iterable[str]) -> CommitLog:
        """Read the log of exactly these commits. Raises CollectionError.

        At a damaged commit (or one whose tree is damaged) git stops. Reading goes on after it, for
        up to 50 of them.
        """
        rest, damaged = list(commits), list[str]()
        with tempfile.TemporaryFile() as file:
            while rest:  # with no commit git would read HEAD
                start = file.tell()
                try:
                    file.writelines(_log_of(repository, rest))
                    break
                except CollectionError:
                    read = _commits_in(file, start)
                    if len(damaged) >= _MOST_DAMAGED:
                        raise
                    damaged.append(rest[max(read - 1, 0)])
                    rest = rest[max(read, 1) :]
            return cls(_mapped(file), tuple(damaged))

    def paths(self) -> Iterator[tuple[str, str]]:
        """Yield each blob that was added at a path, with the path."""
        for match in _RECORD.finditer(self._data):
            if match[4] and not _is_gitlink(match):
                yield match[4].rsplit(None, 1)[-1].decode(), _name(match[5])

    def changes(self, wanted: Callable[[str], bool]) -> Iterator[BlobChange]:
        """Yield the changes that involve a wanted blob."""
        head: re.Match[bytes] | None = None
        for match in _RECORD.finditer(self._data):
            if match[1]:
                head = match
                continue
            *before, after = match[4].decode().split()
            if head and (wanted(after) or any(map(wanted, before))):
                yield BlobChange(_commit(head), _name(match[5]), tuple(before), after)

    def commits(self, wanted: Collection[str]) -> Iterator[Commit]:
        """Yield the wanted commits."""
        for match in _RECORD.finditer(self._data):
            if match[1] and match[1].decode() in wanted:
                yield _commit(match)

    def trace(self, wanted: Collection[str]) -> Appearances:
        """Return where each of the wanted blobs appears."""
        found: Appearances = {}
        for change in self.changes(wanted.__contains__):
            if change.after in wanted and change.after not in change.before:
                _entry(found, change.after, change.path).added.append(change.commit)
            for before in dict.fromkeys(change.before):
                if before in wanted and before != change.after:
                    _entry(found, before, change.path).removed.append(change.commit)
        return found


@dataclass
class History:
    """The commits of a scan, `known` to the cache or `new`.

    `whole` says that all commits of the repository are among them.
    """

    repository: Repository
    cache: CacheStore
    whole: bool = True
    known: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    @cached_property
    def log(self) -> CommitLog:
        """The changes of the new commits. Raises CollectionError."""
        return CommitLog.of(self.repository, self.new)

    def appearances(self, blobs: Collection[str]) -> Appearances:
        """Return where the blobs appear in all of the commits. Raises CollectionError."""
        if not blobs or not (self.known or self.new):
            return {}
        found = self._cached() if self.known else {}
        if found is None or (self.known and not self._suffices(found, blobs)):
            found = CommitLog.of(self.repository, self._all()).trace(blobs)
        elif self.new:
            _join(found, self.log.trace(blobs))
        else:
            return found
        self._store(found, blobs)
        return found

    def _suffices(self, found: Appearances, blobs: Collection[str]) -> bool:
        """Return whether each blob is either cached or appears in the new commits."""
        unknown = set(blobs) - found.keys()
        return not unknown or unknown <= self.log.trace(unknown).keys()

    def _all(self) -> list[str]:
        return [*self.known, *self.new]

    @property
    def damaged(self) -> bool:
        """True if the changes of some new commits can't be read."""
        return bool(self.new) and bool(self.log.damaged)

    @property
    def _place(self) -> str:
        return f"lineage {self.repository.common}"

    def _cached(self) -> Appearances | None:
        note: dict[str, Any] = json.loads(self.cache.note(self._place) or "{}")
        if note.get("commits") != _digest(self.known):
            return None
        return {
            oid: {path: _appearance(path, *sides) for path, sides in paths.items()}
            for oid, paths in note["blobs"].items()
        }

    def _store(self, found: Appearances, blobs: Collection[str]) -> None:
        if not self.whole or self.damaged:
            return
        stored = {
            oid: {path: _sides(one) for path, one in found.get(oid, {}).items()} for oid in blobs
        }
        note = json.dumps({"commits": _digest(self._all()), "blobs": stored})
        self.cache.write_note(self._place, note)


def _log_of(repository: Repository, commits: Iterable[str]) -> Iterator[bytes]:
    stdin = "".join(f"{oid}\n" for oid in commits).encode()
    arguments = (*_log_arguments(), "--no-walk=unsorted", "--stdin")
    return repository.git_chunks(*arguments, stdin=stdin, most=_LARGEST_LOG)


def _commits_in(file: IO[bytes], start: int) -> int:
    """Count the commits that were written since `start`."""
    file.flush()
    file.seek(start)
    count = sum(1 for match in _RECORD.finditer(file.read()) if match[1])
    file.seek(0, 2)
    return count


def reachable_from(repository: Repository, *revisions: str) -> frozenset[str]:
    """Return the ids of all commits that the revisions reach."""
    return frozenset(repository.git("rev-list", *revisions, "--").decode().split())


def _entry(found: Appearances, oid: str, path: str) -> Appearance:
    return found.setdefault(oid, {}).setdefault(path, Appearance(path))


def _join(found: Appearances, more: Appearances) -> None:
    for oid, paths in more.items():
        for path, one in paths.items():
            into = _entry(found, oid, path)
            into.added += one.added
            into.removed += one.removed


def _log_arguments() -> tuple[str, ...]:
    return (
        *("-c", "log.showRoot=true"),
        *("log", "-z", "--raw", "-c", "--no-abbrev", "--no-renames", "--no-mailmap"),
        *("--no-ext-diff", "--no-textconv", "--no-color", "--encoding=UTF-8", _FORMAT),
    )


def _is_gitlink(change: re.Match[bytes]) -> bool:
    """Return whether the path now is a submodule: its id is a commit of another repository."""
    return change[0][: change.start(4) - change.start()].endswith(b"160000 ")


def _mapped(file: IO[bytes]) -> mmap.mmap | bytes:
    if not file.seek(0, 2):
        return b""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _commit(match: re.Match[bytes]) -> Commit:
    return Commit(match[1].decode(), match[3].decode("utf-8", "replace"), _time(int(match[2])))


def _time(seconds: int) -> datetime:
    """Convert Unix time to UTC. An impossible time (git stores any number) is the epoch."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _name(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _digest(commits: Iterable[str]) -> str:
    return hashlib.sha256("".join(sorted(commits)).encode()).hexdigest()


def _sides(one: Appearance) -> list[list[tuple[str, str, float]]]:
    sides = (one.added, one.removed)
    return [[(c.oid, c.author, c.when.timestamp()) for c in side] for side in sides]


def _appearance(path: str, *sides: list[tuple[str, str, float]]) -> Appearance:
    added, removed = (
        [Commit(o, a, datetime.fromtimestamp(t, UTC)) for o, a, t in side] for side in sides
    )
    return Appearance(path, added, removed)
