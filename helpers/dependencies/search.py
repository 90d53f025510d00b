"""Search repositories for bad releases: every commit that is stored, the index, and the files.

Commits need not be reachable: stashes, deleted branches and amended commits are read too. A blob
that no commit and no index names has no path, and its format is unknown: it is not read.
"""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from helpers.core.errors import CollectionError
from helpers.core.verdicts import Severity, Status
from helpers.dependencies.lockfiles import LARGEST_LOCKFILE, is_lockfile, read_lockfile
from helpers.dependencies.malware_files import inspect, may_be_malware
from helpers.dependencies.osv import Advisory, AdvisoryIndex
from helpers.dependencies.records import (
    BadRelease,
    DependencySearch,
    LockedPlace,
    UnreadLockfile,
)
from helpers.exposure.history import Appearance, Commit, CommitLog
from helpers.exposure.items import OriginKind, printable
from helpers.exposure.objects import list_objects, named_objects, read_objects
from helpers.exposure.repository import Repository, nested_repositories, open_repository

__all__ = ["search_repositories"]

_MOST_READ: Final = 16 << 30  # bytes of lockfiles from one repository
_MOST_FILES: Final = 5_000_000
_MOST_REPOSITORIES: Final = 10_000
_TREE_ENTRY: Final = re.compile(rb"[0-7]{6} (?:blob )?([0-9a-f]{40,64})(?: \d)?\t([^\0]*)\0")


@dataclass(frozen=True)
class _Subject:
    """What findings are grouped by."""

    status: Status
    severity: Severity
    advisories: tuple[str, ...]
    summary: str
    subject: str
    reason: str = ""


@dataclass
class _Search:
    """One repository while it is searched. A hit has a path, and a blob's id or none."""

    repository: Repository
    index: AdvisoryIndex
    hits: dict[_Subject, dict[tuple[str, str], None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    unread: dict[tuple[str, str], None] = field(default_factory=dict)
    lockfiles: int = 0
    files: int = 0
    nested: list[Path] = field(default_factory=list)

    def skip(self, name: str, reason: str) -> None:
        self.unread[printable(name), reason] = None

    def examine(self, path: str, data: bytes, blob: str = "") -> None:
        """Record what the bytes at a path say."""
        if may_be_malware(path):
            self._examine_malware(path, data, blob)
        if not is_lockfile(path):
            return
        found = read_lockfile(path, data)
        if found.problem and not (_shared_name(path) and not found.pins):
            self.skip(f"{path} ({blob[:10]})" if blob else path, found.problem)
        self.lockfiles += not found.problem
        for pin in found.pins:
            subject = f"{pin.ecosystem} {printable(pin.name)} {printable(pin.version)}"
            self._add_release(subject, [*self.index.matches(pin)], (path, blob))

    def _add_release(
        self, subject: str, matches: Sequence[tuple[Advisory, Status, str]], place: tuple[str, str]
    ) -> None:
        if not matches:
            return
        failing = [one for one in matches if one[1] is Status.FAIL]
        counted = failing or matches
        worst = max(counted, key=lambda one: one[0].severity.rank)
        ids = tuple(dict.fromkeys(one[0].id for one in counted))
        key = _Subject(worst[1], worst[0].severity, ids, worst[0].summary, subject, worst[2])
        self.hits[key][place] = None

    def _examine_malware(self, path: str, data: bytes, blob: str) -> None:
        hashes = {digest: one.id for digest, one in self.index.by_hash.items()}
        found = inspect(path, data, hashes)
        if found:
            ids = (found.advisory,) if found.advisory else ()
            subject = f"file {printable(path.rpartition('/')[2])}"
            key = _Subject(found.status, Severity.CRITICAL, ids, found.what, subject)
            self.hits[key][path, blob] = None


def search_repositories(paths: Sequence[Path], index: AdvisoryIndex) -> DependencySearch:
    """Search the repositories or folders, with those nested in them. Raises UsageError."""
    waiting: list[tuple[str, Repository | str]] = [
        (str(path), open_repository(path)) for path in paths
    ]
    releases: list[BadRelease] = []
    unread: list[UnreadLockfile] = []
    seen: set[Path] = set()
    lockfiles = 0
    while waiting:
        name, found = waiting.pop(0)
        if isinstance(found, str) or len(seen) >= _MOST_REPOSITORIES:
            reason = found if isinstance(found, str) else "more repositories than are searched"
            unread.append(UnreadLockfile(repository=printable(name), name="", reason=reason))
            continue
        if found.place in seen:
            continue
        seen.add(found.place)
        search = _Search(found, index)
        releases += _searched(search, printable(name))
        unread += _unread(search, printable(name))
        lockfiles += search.lockfiles
        waiting += [
            (f"{name}/{inner}", one) for inner, one in nested_repositories(found, search.nested)
        ]
    return DependencySearch(
        releases=tuple(sorted(releases, key=_order)),
        unread=tuple(unread),
        repositories=len(seen),
        lockfiles=lockfiles,
        advisories=index.count,
    )


def _order(one: BadRelease) -> tuple[bool, int, str, str]:
    return (one.status is not Status.FAIL, -one.severity.rank, one.repository, one.subject)


def _unread(search: _Search, name: str) -> Iterator[UnreadLockfile]:
    for path, reason in search.unread:
        yield UnreadLockfile(repository=name, name=path, reason=reason)


def _searched(search: _Search, name: str) -> Iterator[BadRelease]:
    """Search the history, then the files; yield the findings with their places."""
    log = CommitLog(b"")
    head: frozenset[tuple[str, str]] = frozenset()
    if search.repository.common is not None:
        try:
            log, head = _search_history(search)
        except CollectionError as error:
            search.skip("the history", error.message)
    _search_files(search)
    blobs = {blob for places in search.hits.values() for _, blob in places if blob}
    traced = log.trace(blobs) if blobs else {}
    for key, places in search.hits.items():
        yield BadRelease(
            repository=name,
            status=key.status,
            severity=key.severity,
            advisories=key.advisories,
            summary=key.summary,
            subject=key.subject,
            reason=key.reason,
            places=tuple(
                _place(path, blob, traced.get(blob, {}).get(path), (blob, path) in head)
                for path, blob in sorted(places)
            ),
        )


def _search_history(search: _Search) -> tuple[CommitLog, frozenset[tuple[str, str]]]:
    """Read the lockfiles of all commits and of the index; return the log and HEAD's files."""
    repository = search.repository
    _note_gaps(search)
    commits = [one.oid for one in list_objects(repository) if one.kind is OriginKind.COMMIT]
    log = CommitLog.of(repository, commits)
    paths: dict[str, dict[str, None]] = defaultdict(dict)
    for blob, path in (*log.paths(), *_index(repository)):
        removed = not blob.strip("0")  # git's null id
        if not removed and (is_lockfile(path) or may_be_malware(path)):
            paths[blob][path] = None
    _read_blobs(search, paths)
    return log, frozenset(_head(repository))


def _note_gaps(search: _Search) -> None:
    if search.repository.shallow:
        search.skip("the history", "cut off by a shallow clone; run `git fetch --unshallow`")
    if search.repository.partial:
        search.skip("the history", "a partial clone left objects at its remote")
    for one in search.repository.outside:
        search.skip("the history", one)


def _read_blobs(search: _Search, paths: Mapping[str, Iterable[str]]) -> None:
    wanted, total = [], 0
    for one in named_objects(search.repository, paths):
        total += one.size
        if one.size > LARGEST_LOCKFILE or total > _MOST_READ:
            search.skip(_named(paths, one.oid), "too large to be read")
        elif one.kind is OriginKind.BLOB:
            wanted.append(one)
    for item in read_objects(search.repository, wanted):
        for path in paths[item.origin.name]:
            if item.reason:
                search.skip(f"{path} ({item.origin.name[:10]})", item.reason)
            else:
                search.examine(path, item.data, item.origin.name)


def _named(paths: Mapping[str, Iterable[str]], oid: str) -> str:
    return f"{next(iter(paths[oid]))} ({oid[:10]})"


def _index(repository: Repository) -> Iterator[tuple[str, str]]:
    if repository.tree is not None:
        yield from _entries(repository.git("ls-files", "-s", "-z"))


def _head(repository: Repository) -> Iterator[tuple[str, str]]:
    if repository.has_head():
        yield from _entries(repository.git("ls-tree", "-r", "-z", "--full-tree", "HEAD"))


def _entries(listed: bytes) -> Iterator[tuple[str, str]]:
    for match in _TREE_ENTRY.finditer(listed):
        yield match[1].decode(), match[2].decode("utf-8", "surrogateescape")


def _search_files(search: _Search) -> None:
    """Read the lockfiles on disk, tracked or not. Links are reported, not followed."""
    root = search.repository.tree
    folders = [] if root is None else [""]
    while folders:
        inner = folders.pop()
        try:
            with os.scandir(f"{root}/{inner}") as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            search.skip(inner or ".", f"can't be read: {error.strerror}")
            continue
        for entry in listed:
            search.files += 1
            if search.files > _MOST_FILES:
                search.skip(inner or ".", f"more than {_MOST_FILES:,} files")
                return
            if entry.name == ".git":
                search.nested += [Path(f"{root}/{inner}")] if inner else []
            elif entry.is_dir(follow_symlinks=False):
                folders.append(f"{inner}{entry.name}/")
            elif is_lockfile(inner + entry.name) or may_be_malware(inner + entry.name):
                _search_file(search, entry, inner + entry.name)


def _search_file(search: _Search, entry: os.DirEntry[str], path: str) -> None:
    if entry.is_symlink():
        search.skip(path, "a symbolic link, which is not followed")
        return
    try:
        data = _read(entry.path)
    except OSError as error:
        search.skip(path, f"can't be read: {error.strerror}")
        return
    if data is None or len(data) > LARGEST_LOCKFILE:
        search.skip(path, "too large to be read" if data else "not a file")
    else:
        search.examine(path, data)


def _read(path: str) -> bytes | None:
    """Return the file's bytes up to one beyond the limit, None if it is no plain file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:  # noqa: PTH123 (by descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return stream.read(LARGEST_LOCKFILE + 1)


def _shared_name(path: str) -> bool:
    """Return whether other tools write files of this name: then another form is no problem."""
    name = path.rpartition("/")[2].lower()
    composer = path.lower().endswith("vendor/composer/installed.json")
    return (name == "installed.json" and not composer) or name == "bom.json"


def _place(path: str, blob: str, seen: Appearance | None, at_head: bool) -> LockedPlace:  # noqa: FBT001
    added = min(seen.added, key=_when) if seen and seen.added else None
    removed = max(seen.removed, key=_when) if seen and seen.removed and not at_head else None
    return LockedPlace(
        path=printable(path),
        blob=blob,
        at_head=at_head,
        added=added.when if added else None,
        added_in=added.oid if added else "",
        author=printable(added.author) if added else "",
        removed=removed.when if removed else None,
        removed_in=removed.oid if removed else "",
    )


def _when(commit: Commit) -> tuple[float, str]:
    return (commit.when.timestamp(), commit.oid)
