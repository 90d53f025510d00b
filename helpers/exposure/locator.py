"""From matches in objects and files to places that a person can go to, and one leak a secret."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, TypeVar

from helpers.core.errors import CollectionError
from helpers.exposure.history import (
    Appearance,
    Appearances,
    Commit,
    CommitLog,
    History,
    reachable_from,
)
from helpers.exposure.items import (
    Origin,
    OriginKind,
    ScanItem,
    ScanMatches,
    SecretMatch,
    printable,
)
from helpers.exposure.objects import named_objects, read_objects
from helpers.exposure.records import LeakedSecret, Place, PlaceKind
from helpers.exposure.repository import Repository

__all__ = ["Locator", "locate", "merge_leaks"]

_Answer = TypeVar("_Answer")
_TREE_LINE: Final = re.compile(rb"[0-7]{6} \w+ ([0-9a-f]{40,64})\t([^\0]*)\0")
_INDEX_LINE: Final = re.compile(rb"[0-7]{6} ([0-9a-f]{40,64}) \d\t([^\0]*)\0")
_TAG: Final = re.compile(rb"^tag (.*)\ntagger (.*) (-?\d+) [+-]\d+$", re.MULTILINE)
_MOST_PLACES: Final = 40  # listed for a leak; the total is reported as well
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_COPIES_OF_HEAD: Final = frozenset({PlaceKind.TRACKED, PlaceKind.INDEX})


@dataclass
class Locator:
    """Finds the places of some origins in one repository. Asks git once for all of them."""

    repository: Repository
    origins: Collection[Origin]
    history: History
    skip: Callable[[str, str], None] = lambda where, reason: None  # noqa: ARG005
    _damaged: bool = False

    def places(self, origin: Origin) -> tuple[Place, ...]:
        """Return the places of an origin, without the line or the place inside it."""
        if origin.kind is OriginKind.FILE:
            return (self._place(self._file_kind(origin.name), origin.name),)
        if origin.kind is OriginKind.GIT_FILE:
            return (self._place(PlaceKind.GIT_FOLDER, origin.name),)
        if origin.kind is OriginKind.COMMIT:
            return (self._message(origin.name),)
        if origin.kind is OriginKind.TAG:
            return (self._tag(origin.name),)
        found = tuple(self._blob(origin.name))
        kind = PlaceKind.OBJECT if self._damaged else PlaceKind.DANGLING
        return found or (self._place(kind, origin.name),)

    def names(self, origin: Origin) -> tuple[Place, ...]:
        """Return an origin by its name alone, without asking git."""
        kinds = {OriginKind.FILE: PlaceKind.UNTRACKED, OriginKind.GIT_FILE: PlaceKind.GIT_FOLDER}
        return (self._place(kinds.get(origin.kind, PlaceKind.OBJECT), origin.name),)

    def _place(self, kind: PlaceKind, path: str) -> Place:
        return Place(
            kind=kind,
            repository=printable(self.repository.name),
            path=printable(path),
            reachable=kind is not PlaceKind.DANGLING,
        )

    def _blob(self, oid: str) -> Iterator[Place]:
        reachable, every = self._appearances
        for path, appearance in sorted(reachable.get(oid, {}).items()):
            yield self._in_history(oid, path, appearance, reachable=True)
        if oid not in reachable:
            for path, appearance in sorted(every.get(oid, {}).items()):
                yield self._in_history(oid, path, appearance, reachable=False)
        for path in self._index.get(oid, ()):
            if (path, oid) not in self._head:
                yield self._place(PlaceKind.INDEX, path)

    def _in_history(self, oid: str, path: str, appearance: Appearance, *, reachable: bool) -> Place:
        added = min(appearance.added or appearance.removed, key=lambda c: (c.when, c.oid))
        at_head = (path, oid) in self._head
        removed = max(appearance.removed, key=lambda c: (c.when, c.oid), default=None)
        removed = None if at_head else removed
        note = any(c.oid in self._note_commits for c in appearance.added)
        return Place(
            kind=PlaceKind.NOTE if note else PlaceKind.HISTORY,
            repository=printable(self.repository.name),
            path=printable(path.replace("/", "") if note else path),
            commit=added.oid,
            author=printable(added.author),
            first=added.when,
            gone=removed.when if removed else None,
            gone_commit=removed.oid if removed else "",
            at_head=at_head,
            reachable=reachable,
            on_remote=any(c.oid in self._remote for c in appearance.added),
        )

    def _message(self, oid: str) -> Place:
        commit = self._messages.get(oid)
        return Place(
            kind=PlaceKind.COMMIT_MESSAGE,
            repository=printable(self.repository.name),
            path=oid[:12],
            commit=oid,
            author=printable(commit.author) if commit else "",
            first=commit.when if commit else None,
            reachable=oid in self._reachable,
            on_remote=oid in self._remote,
        )

    def _tag(self, oid: str) -> Place:
        empty = ScanItem(Origin(OriginKind.TAG, oid), "", b"")
        match = _TAG.search(next(iter(self._read([oid])), empty).data)
        name = match[1].decode("utf-8", "replace") if match else oid[:12]
        place = self._place(PlaceKind.TAG_MESSAGE, name)
        return place.model_copy(update={"reachable": oid in self._ref_targets})

    def _read(self, oids: Iterable[str]) -> Iterator[ScanItem]:
        return read_objects(self.repository, list(named_objects(self.repository, oids)))

    def _names(self, kind: OriginKind) -> frozenset[str]:
        return frozenset(origin.name for origin in self.origins if origin.kind is kind)

    @cached_property
    def _appearances(self) -> tuple[Appearances, Appearances]:
        """Where the blobs appear: in commits that refs reach, and in all commits."""
        blobs = self._names(OriginKind.BLOB)
        nowhere: Appearances = {}
        found = self._or_damaged(lambda: self.history.appearances(blobs), nowhere)
        reachable = {
            oid: kept for oid, paths in found.items() if (kept := self._reached(paths.values()))
        }
        return reachable, found

    def _reached(self, appearances: Iterable[Appearance]) -> dict[str, Appearance]:
        found = {}
        for one in appearances:
            added = [commit for commit in one.added if commit.oid in self._reachable]
            removed = [commit for commit in one.removed if commit.oid in self._reachable]
            if added or removed:
                found[one.path] = Appearance(one.path, added, removed)
        return found

    @cached_property
    def _messages(self) -> Mapping[str, Commit]:
        wanted = self._names(OriginKind.COMMIT)
        log = self._or_damaged(lambda: CommitLog.of(self.repository, wanted), CommitLog(b""))
        return {commit.oid: commit for commit in log.commits(wanted)}

    @cached_property
    def _reachable(self) -> frozenset[str]:
        """The commits that refs reach. In a damaged history, all commits count as reachable."""
        every = frozenset((*self.history.known, *self.history.new))
        return self._or_damaged(lambda: reachable_from(self.repository, "--all"), every)

    @cached_property
    def _remote(self) -> frozenset[str]:
        return self._or_damaged(
            lambda: reachable_from(self.repository, "--remotes"), frozenset[str]()
        )

    @cached_property
    def _note_commits(self) -> frozenset[str]:
        return self._or_damaged(
            lambda: reachable_from(self.repository, "--glob=refs/notes/*"), frozenset[str]()
        )

    def _or_damaged(self, ask: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
        """Ask git; where it can't answer, report that and go on with the other value."""
        try:
            return ask()
        except CollectionError as error:
            self._damaged = True
            where = self.repository.name or "history"
            self.skip(where, f"places are incomplete: {error.message}")
            return otherwise

    @cached_property
    def _ref_targets(self) -> frozenset[str]:
        arguments = ("for-each-ref", "--format=%(objectname)")
        listed = self._or_damaged(lambda: self.repository.git(*arguments), b"")
        return frozenset(listed.decode().split())

    @cached_property
    def _head(self) -> frozenset[tuple[str, str]]:
        """Path and blob of each wanted blob in the checked-out commit."""
        if not self._or_damaged(self.repository.has_head, otherwise=False):
            return frozenset()
        arguments = ("ls-tree", "-r", "-z", "--full-tree", "HEAD")
        listed = self._or_damaged(lambda: self.repository.git(*arguments), b"")
        blobs = self._names(OriginKind.BLOB)
        found = ((_text(m[2]), m[1].decode()) for m in _TREE_LINE.finditer(listed))
        return frozenset((path, oid) for path, oid in found if oid in blobs)

    @cached_property
    def _index(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        blobs = self._names(OriginKind.BLOB)
        for match in _INDEX_LINE.finditer(self._index_lines):
            oid = match[1].decode()
            if oid in blobs:
                found[oid] = (*found.get(oid, ()), _text(match[2]))
        return found

    @cached_property
    def _index_lines(self) -> bytes:
        if self.repository.tree is None or self.repository.git_dir is None:
            return b""
        return self._or_damaged(lambda: self.repository.git("ls-files", "-s", "-z"), b"")

    @cached_property
    def _tracked(self) -> frozenset[str]:
        return frozenset(_text(match[2]) for match in _INDEX_LINE.finditer(self._index_lines))

    @cached_property
    def _ignored(self) -> frozenset[str]:
        tree = self.repository.tree
        names = self._names(OriginKind.FILE) - self._tracked
        if not names or tree is None or self.repository.git_dir is None:
            return frozenset()
        stdin = "".join(f"{n}\0" for n in sorted(names)).encode("utf-8", "surrogateescape")
        try:
            listed = self.repository.git("check-ignore", "-z", "--stdin", stdin=stdin)
        except CollectionError:  # git exits with 1 if none is ignored
            return frozenset()
        return frozenset(_text(name) for name in listed.split(b"\0") if name)

    def _file_kind(self, name: str) -> PlaceKind:
        if name in self._tracked:
            return PlaceKind.TRACKED
        return PlaceKind.IGNORED if name in self._ignored else PlaceKind.UNTRACKED


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def locate(
    matches: ScanMatches, places: Callable[[Origin], Iterable[Place]]
) -> Mapping[SecretMatch, list[Place]]:
    """Return the places of each match. Matches of one secret differ only by line."""
    found: dict[SecretMatch, list[Place]] = defaultdict(list)
    for origin, in_origin in matches.by_origin.items():
        for place in places(origin):
            for inner, match in in_origin:
                update = {"inner": printable(inner), "line": match.line}
                found[match].append(place.model_copy(update=update))
    return found


def merge_leaks(
    found: Iterable[Mapping[SecretMatch, list[Place]]], configured: Mapping[str, str]
) -> tuple[LeakedSecret, ...]:
    """Merge all matches with the same fingerprint into one leak, sorted by kind and fingerprint.

    `configured` names the variables of the secrets in use, by fingerprint.
    """
    places: dict[str, list[Place]] = defaultdict(list)
    names: dict[str, SecretMatch] = {}
    for by_match in found:
        for match, where in by_match.items():
            places[match.fingerprint].extend(where)
            names[match.fingerprint] = match
    leaks = (_leak(names[f], where, configured.get(f, "")) for f, where in places.items())
    return tuple(sorted(leaks, key=lambda leak: (not leak.intercom, leak.kind, leak.fingerprint)))


def _leak(match: SecretMatch, places: list[Place], configured: str) -> LeakedSecret:
    distinct = _without_copies(_one_per_path(places))
    return LeakedSecret(
        fingerprint=match.fingerprint,
        kind=match.kind,
        title=match.title,
        shape=match.shape,
        places=tuple(distinct[:_MOST_PLACES]),
        places_total=len(distinct),
        configured_as=configured,
    )


def _one_per_path(places: list[Place]) -> list[Place]:
    groups: dict[tuple[str, ...], list[Place]] = defaultdict(list)
    for place in places:
        groups[(place.kind, place.repository, place.path, place.inner)].append(place)
    return sorted(map(_union, groups.values()), key=_order)


def _union(versions: list[Place]) -> Place:
    """Merge the versions of one path: added by the first one, removed by the last one."""
    versions = sorted(versions, key=lambda p: (p.first or _NEVER, p.commit, p.line))
    first = versions[0]
    present = any(p.gone is None for p in versions)
    end = None if present else max(versions, key=lambda p: (p.gone or _NEVER, p.gone_commit))
    return first.model_copy(
        update={
            "head_line": min((p.line for p in versions if p.at_head), default=0),
            "gone": end.gone if end else None,
            "gone_commit": end.gone_commit if end else "",
            "versions": len({p.commit for p in versions}),
            "at_head": any(p.at_head for p in versions),
            "reachable": any(p.reachable for p in versions),
            "on_remote": any(p.on_remote for p in versions),
        }
    )


def _without_copies(places: list[Place]) -> list[Place]:
    """Drop a tracked file, or its index entry, that holds the same as the commit at HEAD."""
    head = {(p.repository, p.path, p.inner) for p in places if p.at_head}
    return [
        p
        for p in places
        if p.kind not in _COPIES_OF_HEAD or (p.repository, p.path, p.inner) not in head
    ]


def _order(place: Place) -> tuple[object, ...]:
    kinds = list(PlaceKind)
    return (
        place.is_example,
        not place.at_head,
        kinds.index(place.kind),
        place.repository,
        place.path,
        place.inner,
        place.line,
    )
