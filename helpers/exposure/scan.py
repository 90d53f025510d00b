"""A scan: all sources of a repository, what is in them, and where that lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.exposure.cache import Memory, NoCache
from helpers.exposure.engine import Engine
from helpers.exposure.files import Files
from helpers.exposure.items import Origin, OriginKind
from helpers.exposure.leaks import Hits, merged
from helpers.exposure.objects import StoredObject, read_objects
from helpers.exposure.places import Map
from helpers.exposure.records import Coverage, Leak
from helpers.exposure.repository import Repository, below, open_repository
from helpers.exposure.scope import Scope, paths_of, stored
from helpers.exposure.tally import Progress, Tally

__all__ = ["Scanned", "scan"]

_ELSEWHERE = frozenset({"objects", "modules", "worktrees"})  # of a git folder: read in other ways


_ALL = Scope()


@dataclass(frozen=True)
class Scanned:
    """What came of a scan. An interrupted one tells what it had seen until then."""

    leaks: tuple[Leak, ...]
    coverage: Coverage
    sources: tuple[tuple[Repository, Hits], ...] = field(repr=False, default=())


def scan(
    path: Path,
    engine: Engine,
    *,
    scope: Scope = _ALL,
    memory: Memory | None = None,
    configured: Mapping[str, str] | None = None,
    observe: Callable[[Progress], None] = lambda _: None,
) -> Scanned:
    """Search a repository, or a folder, and everything below it.

    `configured` names the variables of the secrets in use now, by fingerprint. Raises UsageError
    where there is no such folder, CollectionError where git can't read the repository. Ctrl-C
    ends the search, and the answer holds what was seen until then.
    """
    tally = Tally(engine, memory or NoCache(), observe)
    found: list[tuple[Repository, Hits]] = []
    interrupted = False
    try:
        for repository, hits in _search(open_repository(path), scope, tally):
            found.append((repository, hits))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        tally.memory.close()
    places = [
        hits.places(Map(repository, list(hits.seen), history=not scope.staged))
        for repository, hits in found
    ]
    repositories = [repository for repository, _ in found]
    return Scanned(
        leaks=merged(places, configured or {}),
        coverage=tally.coverage(repositories, interrupted=interrupted),
        sources=tuple(found),
    )


def _search(top: Repository, scope: Scope, tally: Tally) -> Iterator[tuple[Repository, Hits]]:
    """Each repository with what is in it, told before it is searched: it fills while it is."""
    waiting, places, stores = [top], set(), set()
    while waiting:
        repository = waiting.pop()
        if repository.place in places:
            continue
        hits = Hits()
        yield repository, hits
        if repository.common and repository.common not in stores:
            _objects(repository, scope, tally, hits)
        places.add(repository.place)
        stores.add(repository.common)
        nested: list[Path] = []
        for source in () if scope.staged else _sources(repository, tally):
            tally.look(repository, tally.counted(source), hits)
            for mark, name in source.known_files.items():
                tally.count(source.kind)
                hits.add(Origin(source.kind, name), tally.recall(mark))
            nested += source.nested
        for name, found in () if scope.staged else below(repository, nested):
            if isinstance(found, Repository):
                waiting.append(found)
            else:
                tally.miss(name, found)


def _objects(repository: Repository, scope: Scope, tally: Tally, hits: Hits) -> None:
    new: list[StoredObject] = []
    for one in stored(repository, scope):
        if tally.knows(one.oid):
            hits.add(one.origin, tally.recall(one.oid))
        else:
            new.append(one)
            tally.total += one.size
        tally.objects += 1
    if new:
        paths = paths_of(repository, scope) if tally.engine.minds_paths else {}
        tally.look(repository, read_objects(repository, new, paths), hits)


def _sources(repository: Repository, tally: Tally) -> Iterator[Files]:
    if repository.tree:
        yield Files(repository.tree, known=tally.knows)
    if repository.git_dir:
        yield Files(
            repository.git_dir,
            OriginKind.GIT_FILE,
            prefix=".git/",
            known=tally.knows,
            skip=_ELSEWHERE,
        )
