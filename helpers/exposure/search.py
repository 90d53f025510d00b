"""The search itself: every source of a repository, and of those within it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Final

from helpers.core.errors import CollectionError
from helpers.exposure.engine import Engine
from helpers.exposure.files import Files
from helpers.exposure.history import History
from helpers.exposure.hits import Hits
from helpers.exposure.items import OriginKind
from helpers.exposure.objects import (
    StoredObject,
    absent_objects,
    named_objects,
    read_objects,
)
from helpers.exposure.path_rules import NO_CLASS
from helpers.exposure.repository import Repository, below
from helpers.exposure.scope import Scope, index_paths, stored
from helpers.exposure.tally import Tally

__all__ = ["Source", "search"]

_ELSEWHERE: Final = frozenset(
    {"objects", "modules", "worktrees"}
)  # of a git folder: read otherwise


@dataclass
class Source:
    """A repository with what was seen in it, and its commits."""

    repository: Repository
    history: History
    hits: Hits = field(default_factory=Hits)


def search(top: Repository, scope: Scope, tally: Tally) -> Iterator[Source]:
    """Each repository with what is in it, told before it is searched: it fills while it is."""
    waiting, places, stores = [top], set(), set()
    while waiting:
        repository = waiting.pop()
        if repository.place in places:
            continue
        source = Source(repository, History(repository, tally.recall.memory, scope.whole))
        yield source
        if repository.common and repository.common not in stores:
            _objects(source, scope, tally)
        places.add(repository.place)
        stores.add(repository.common)
        if scope.staged:
            continue
        for name, found in below(repository, _files(source, tally)):
            if isinstance(found, Repository):
                waiting.append(found)
            else:
                tally.miss(name, found)


def _objects(source: Source, scope: Scope, tally: Tally) -> None:
    new: list[StoredObject] = []
    old: set[str] = set()
    for one in stored(source.repository, scope):
        tally.objects += 1
        met = tally.recall.met(one.oid)
        if one.kind is OriginKind.COMMIT:
            (source.history.known if met else source.history.new).append(one.oid)
        if not met:
            new.append(one)
            continue
        old.add(one.oid)
        for kept in tally.recall.in_object(one.oid):
            tally.note(source.repository, one.origin, kept, source.hits)
    if source.repository.partial and scope.whole:
        tally.absent += absent_objects(source.repository)
    if new:
        Thread(target=_warm_up, args=(tally.engine,)).start()  # while git works
        wanted = _with_paths(source, scope, tally, new, old)
        tally.total += sum(one.size for one in wanted)
        tally.look(source.repository, read_objects(source.repository, wanted), source.hits)


def _warm_up(engine: Engine) -> None:
    with suppress(Exception):  # the search will meet it, and say so
        engine.warm_up()


def _with_paths(
    source: Source, scope: Scope, tally: Tally, new: list[StoredObject], old: set[str]
) -> list[StoredObject]:
    """What to look at: the new objects, and old ones that came to a path of another class.

    Commits come last: of one that is known, all paths were looked at.
    """
    if not tally.engine.minds_paths:
        return _commits_last(new)
    ways: dict[str, dict[str, str]] = {}
    for oid, path in _paths(source, scope, tally):
        ways.setdefault(oid, {}).setdefault(tally.engine.path_class(path), path)
    moved = old & ways.keys()
    again = named_objects(source.repository, moved) if moved else ()
    wanted = [
        StoredObject(one.kind, one.oid, one.size, path, path_class)
        for one in (*new, *again)
        for path_class, path in ways.get(one.oid, {NO_CLASS: ""}).items()
    ]
    return _commits_last(one for one in wanted if not tally.recall.knows(one.mark))


def _commits_last(wanted: Iterable[StoredObject]) -> list[StoredObject]:
    return sorted(wanted, key=lambda one: one.kind is OriginKind.COMMIT)


def _paths(source: Source, scope: Scope, tally: Tally) -> Iterator[tuple[str, str]]:
    yield from index_paths(source.repository, scope)
    if scope.staged or not source.history.new:
        return
    try:
        yield from source.history.log.paths()
    except CollectionError as error:
        why = "paths are unknown: rules that hold for some paths alone were not applied"
        tally.miss(source.repository.name or "history", f"{why} ({error.message})")


def _files(source: Source, tally: Tally) -> Iterable[Path]:
    """Look at the files; the answer is the folders of nested repositories."""
    nested: list[Path] = []
    for files in _folders(source.repository):
        files.known = partial(tally.knows, source.repository, source.hits)
        files.path_class = tally.engine.path_class
        tally.look(source.repository, tally.counted(files), source.hits)
        nested += files.nested
    return nested


def _folders(repository: Repository) -> Iterator[Files]:
    algorithm = repository.algorithm
    if repository.tree:
        yield Files(repository.tree, algorithm=algorithm)
    if repository.git_dir:
        kind = OriginKind.GIT_FILE
        yield Files(repository.git_dir, kind, ".git/", _ELSEWHERE, algorithm=algorithm)
