"""From sightings in objects and files to places that a person can go to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from helpers.core.errors import CollectionError
from helpers.exposure.engine import Sighting
from helpers.exposure.history import History
from helpers.exposure.hits import Hits
from helpers.exposure.items import Item, Origin, OriginKind
from helpers.exposure.lineage import Appearance, Commit, Found, Log, reachable_from
from helpers.exposure.names import shown
from helpers.exposure.objects import named_objects, read_objects
from helpers.exposure.records import Place, PlaceKind
from helpers.exposure.repository import Repository

__all__ = ["Map", "placed"]

_TREE_LINE: Final = re.compile(rb"[0-7]{6} \w+ ([0-9a-f]{40,64})\t([^\0]*)\0")
_INDEX_LINE: Final = re.compile(rb"[0-7]{6} ([0-9a-f]{40,64}) \d\t([^\0]*)\0")
_TAG: Final = re.compile(rb"^tag (.*)\ntagger (.*) (-?\d+) [+-]\d+$", re.MULTILINE)


@dataclass
class Map:
    """Where the objects and files of one repository lie, asked once for all of interest."""

    repository: Repository
    origins: Collection[Origin]
    history: History

    def places(self, origin: Origin) -> tuple[Place, ...]:
        """The places of an origin, without the place inside it."""
        if origin.kind is OriginKind.FILE:
            return (self._place(self._file_kind(origin.name), origin.name),)
        if origin.kind is OriginKind.GIT_FILE:
            return (self._place(PlaceKind.GIT_FOLDER, origin.name),)
        if origin.kind is OriginKind.COMMIT:
            return (self._message(origin.name),)
        if origin.kind is OriginKind.TAG:
            return (self._tag(origin.name),)
        return tuple(self._blob(origin.name)) or (self._place(PlaceKind.DANGLING, origin.name),)

    def _place(self, kind: PlaceKind, path: str) -> Place:
        reachable = kind is not PlaceKind.DANGLING
        return Place(
            kind=kind, repository=shown(self.repository.name), path=shown(path), reachable=reachable
        )

    def _blob(self, oid: str) -> Iterator[Place]:
        living, dropped = self._appearances
        for path, appearance in sorted(living.get(oid, {}).items()):
            yield self._history(oid, path, appearance, reachable=True)
        if oid not in living:
            for path, appearance in sorted(dropped.get(oid, {}).items()):
                yield self._history(oid, path, appearance, reachable=False)
        for path in self._index.get(oid, ()):
            if (path, oid) not in self._head:
                yield self._place(PlaceKind.INDEX, path)

    def _history(self, oid: str, path: str, appearance: Appearance, *, reachable: bool) -> Place:
        came = min(appearance.came or appearance.went, key=lambda c: (c.when, c.oid))
        at_head = (path, oid) in self._head
        went = max(appearance.went, key=lambda c: (c.when, c.oid), default=None)
        went = None if at_head else went
        note = any(c.oid in self._note_commits for c in appearance.came)
        return Place(
            kind=PlaceKind.NOTE if note else PlaceKind.HISTORY,
            repository=shown(self.repository.name),
            path=shown(path.replace("/", "") if note else path),
            commit=came.oid,
            author=shown(came.author),
            first=came.when,
            gone=went.when if went else None,
            gone_commit=went.oid if went else "",
            at_head=at_head,
            reachable=reachable,
            on_remote=any(c.oid in self._remote for c in appearance.came),
        )

    def _message(self, oid: str) -> Place:
        commit = self._messages.get(oid)
        return Place(
            kind=PlaceKind.COMMIT_MESSAGE,
            repository=shown(self.repository.name),
            path=oid[:12],
            commit=oid,
            author=shown(commit.author) if commit else "",
            first=commit.when if commit else None,
            reachable=oid in self._reachable,
            on_remote=oid in self._remote,
        )

    def _tag(self, oid: str) -> Place:
        content = next(iter(self._read([oid])), Item(Origin(OriginKind.TAG, oid), "", b"")).data
        match = _TAG.search(content)
        name = match[1].decode("utf-8", "replace") if match else oid[:12]
        place = self._place(PlaceKind.TAG_MESSAGE, name)
        return place.model_copy(update={"reachable": oid in self._ref_targets})

    def _read(self, oids: Iterable[str]) -> Iterator[Item]:
        return read_objects(self.repository, list(named_objects(self.repository, oids)))

    def _names(self, kind: OriginKind) -> frozenset[str]:
        return frozenset(origin.name for origin in self.origins if origin.kind is kind)

    @cached_property
    def _appearances(self) -> tuple[Found, Found]:
        """Of the blobs: in commits that refs reach, and in those that no ref reaches any more."""
        found = self.history.appearances(self._names(OriginKind.BLOB))
        living = {
            oid: kept for oid, paths in found.items() if (kept := self._living(paths.values()))
        }
        return living, found

    def _living(self, appearances: Iterable[Appearance]) -> dict[str, Appearance]:
        found = {}
        for one in appearances:
            came = [commit for commit in one.came if commit.oid in self._reachable]
            went = [commit for commit in one.went if commit.oid in self._reachable]
            if came or went:
                found[one.path] = Appearance(one.path, came, went)
        return found

    @cached_property
    def _messages(self) -> Mapping[str, Commit]:
        wanted = self._names(OriginKind.COMMIT)
        return {commit.oid: commit for commit in Log.of(self.repository, wanted).commits(wanted)}

    @cached_property
    def _reachable(self) -> frozenset[str]:
        return reachable_from(self.repository, "--all")

    @cached_property
    def _remote(self) -> frozenset[str]:
        return reachable_from(self.repository, "--remotes")

    @cached_property
    def _note_commits(self) -> frozenset[str]:
        return reachable_from(self.repository, "--glob=refs/notes/*")

    @cached_property
    def _ref_targets(self) -> frozenset[str]:
        listed = self.repository.git("for-each-ref", "--format=%(objectname)")
        return frozenset(listed.decode().split())

    @cached_property
    def _head(self) -> frozenset[tuple[str, str]]:
        """Path and blob of what interests us in the checked-out commit."""
        if not self.repository.has_head():
            return frozenset()
        listed = self.repository.git("ls-tree", "-r", "-z", "--full-tree", "HEAD")
        blobs = self._names(OriginKind.BLOB)
        found = ((_text(m[2]), m[1].decode()) for m in _TREE_LINE.finditer(listed))
        return frozenset((path, oid) for path, oid in found if oid in blobs)

    @cached_property
    def _index(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        blobs = self._names(OriginKind.BLOB)
        for match in _INDEX_LINE.finditer(self._staged):
            oid = match[1].decode()
            if oid in blobs:
                found[oid] = (*found.get(oid, ()), _text(match[2]))
        return found

    @cached_property
    def _staged(self) -> bytes:
        if self.repository.tree is None or self.repository.git_dir is None:
            return b""
        return self.repository.git("ls-files", "-s", "-z")

    @cached_property
    def _tracked(self) -> frozenset[str]:
        return frozenset(_text(match[2]) for match in _INDEX_LINE.finditer(self._staged))

    @cached_property
    def _ignored(self) -> frozenset[str]:
        tree = self.repository.tree
        names = self._names(OriginKind.FILE) - self._tracked
        if not names or tree is None or self.repository.git_dir is None:
            return frozenset()
        stdin = "".join(f"{n}\0" for n in sorted(names)).encode("utf-8", "surrogateescape")
        try:
            listed = self.repository.git("check-ignore", "-z", "--stdin", stdin=stdin)
        except CollectionError:  # it answers 1 where none is ignored
            return frozenset()
        return frozenset(_text(name) for name in listed.split(b"\0") if name)

    def _file_kind(self, name: str) -> PlaceKind:
        if name in self._tracked:
            return PlaceKind.TRACKED
        return PlaceKind.IGNORED if name in self._ignored else PlaceKind.UNTRACKED


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def placed(hits: Hits, atlas: Map) -> Mapping[Sighting, list[Place]]:
    """The places of each secret. Sightings of one secret are told apart by line only."""
    found: dict[Sighting, list[Place]] = defaultdict(list)
    for origin, seen in hits.seen.items():
        for place in atlas.places(origin):
            for inner, sighting in seen:
                update = {"inner": shown(inner), "line": sighting.line}
                found[sighting].append(place.model_copy(update=update))
    return found
