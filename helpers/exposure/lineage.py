"""Where objects live in the history: which commit brought a blob to a path, which took it away.

One `git log --raw` pass tells it for all objects. Merges are shown combined: a blob that a merge
itself made (a resolution that is in none of the parents) is seen, others are not told again.
"""

from __future__ import annotations

import mmap
import re
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Final

from helpers.core.errors import CollectionError
from helpers.exposure.repository import Repository
from helpers.system.git import git_environment

__all__ = ["Appearance", "Change", "Commit", "Found", "Log", "follow", "reachable_from"]

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
class Change:
    """A path in a commit: the blobs it had in the parents, and the one it has now."""

    commit: Commit
    path: str
    before: tuple[str, ...]
    after: str


@dataclass
class Appearance:
    """A blob at a path: the commits that put it there, and those that put something else there."""

    path: str
    came: list[Commit] = field(default_factory=list)
    went: list[Commit] = field(default_factory=list)


class Log:
    """The changes of many commits, kept in a nameless file while they are read."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        self._data = data

    @classmethod
    def of(cls, repository: Repository, commits: Iterable[str]) -> Log:
        """The log of these commits and no others. Raises CollectionError."""
        asked = "".join(f"{oid}\n" for oid in commits)
        if not asked:  # git would take HEAD instead
            return cls(b"")
        with tempfile.TemporaryFile() as file:
            done = subprocess.run(  # noqa: S603 (a fixed program, arguments are ours)
                repository.command(*_log_arguments(), "--no-walk=unsorted", "--stdin"),
                cwd=repository.place,
                env=git_environment(),
                input=asked.encode(),
                stdout=file,
                stderr=subprocess.PIPE,
                check=False,
            )
            if done.returncode:
                reason = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
                raise CollectionError(f"git log failed: {reason}", "Run `git fsck` there.")
            return cls(_mapped(file))

    def paths(self) -> Iterator[tuple[str, str]]:
        """Each blob that came to a path, with the path, for the rules that depend on it."""
        for match in _RECORD.finditer(self._data):
            if match[4]:
                yield match[4].rsplit(None, 1)[-1].decode(), _name(match[5])

    def changes(self, concerned: Callable[[str], bool]) -> Iterator[Change]:
        """The changes that some blob of concern is part of."""
        head: re.Match[bytes] | None = None
        for match in _RECORD.finditer(self._data):
            if match[1]:
                head = match
                continue
            *before, after = match[4].decode().split()
            if head and (concerned(after) or any(map(concerned, before))):
                yield Change(_commit(head), _name(match[5]), tuple(before), after)

    def commits(self, wanted: Collection[str]) -> Iterator[Commit]:
        """The commits among those wanted."""
        for match in _RECORD.finditer(self._data):
            if match[1] and match[1].decode() in wanted:
                yield _commit(match)


Found = dict[str, dict[str, Appearance]]  # by blob and path


def follow(log: Log, wanted: Collection[str]) -> Found:
    """Where each of the wanted blobs appears."""
    found: Found = {}
    for change in log.changes(wanted.__contains__):
        if change.after in wanted and change.after not in change.before:
            _at(found, change.after, change.path).came.append(change.commit)
        for before in dict.fromkeys(change.before):
            if before in wanted and before != change.after:
                _at(found, before, change.path).went.append(change.commit)
    return found


def reachable_from(repository: Repository, *revisions: str) -> frozenset[str]:
    """The ids of all commits that can be reached from some revisions."""
    return frozenset(repository.git("rev-list", *revisions, "--").decode().split())


def _at(found: Found, oid: str, path: str) -> Appearance:
    return found.setdefault(oid, {}).setdefault(path, Appearance(path))


def _log_arguments() -> tuple[str, ...]:
    return (
        *("-c", "log.showRoot=true"),
        *("log", "-z", "--raw", "-c", "--no-abbrev", "--no-renames", "--no-mailmap"),
        *("--no-ext-diff", "--no-textconv", "--no-color", "--encoding=UTF-8", _FORMAT),
    )


def _mapped(file: IO[bytes]) -> mmap.mmap | bytes:
    if not file.seek(0, 2):
        return b""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _commit(match: re.Match[bytes]) -> Commit:
    return Commit(match[1].decode(), match[3].decode("utf-8", "replace"), _time(int(match[2])))


def _time(seconds: int) -> datetime:
    """Unix time as UTC; a nonsensical one (git keeps any number) is the epoch."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _name(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
