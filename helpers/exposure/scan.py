"""A scan: all sources of a repository, what is in them, and where that lies."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import CollectionError
from helpers.exposure.cache import Memory, NoCache
from helpers.exposure.engine import Engine
from helpers.exposure.files import Files
from helpers.exposure.items import Origin, OriginKind
from helpers.exposure.leaks import Hits, merged
from helpers.exposure.lineage import Log
from helpers.exposure.objects import StoredObject, list_objects, read_objects
from helpers.exposure.places import Map
from helpers.exposure.records import Coverage, Leak
from helpers.exposure.repository import Repository, open_repository
from helpers.exposure.tally import Progress, Tally

__all__ = ["Scanned", "scan"]

_ELSEWHERE = frozenset({"objects", "modules", "worktrees"})  # of a git folder: read in other ways


@dataclass(frozen=True)
class Scanned:
    """What came of a scan. An interrupted one tells what it had seen until then."""

    leaks: tuple[Leak, ...]
    coverage: Coverage
    interrupted: bool = False


def scan(
    path: Path,
    engine: Engine,
    *,
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
        for repository, hits in _search(open_repository(path), tally):
            found.append((repository, hits))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        tally.memory.close()
    places = [hits.places(Map(repository, list(hits.seen))) for repository, hits in found]
    repositories = [repository for repository, _ in found]
    return Scanned(
        leaks=merged(places, configured or {}),
        coverage=tally.coverage(repositories, interrupted=interrupted),
        interrupted=interrupted,
    )


def _search(top: Repository, tally: Tally) -> Iterator[tuple[Repository, Hits]]:
    """Each repository with what is in it, told before it is searched: it fills while it is."""
    waiting = [top]
    while waiting:
        repository = waiting.pop()
        hits = Hits()
        yield repository, hits
        _objects(repository, tally, hits)
        for source in _sources(repository, tally):
            tally.look(repository, tally.counted(source), hits)
            for mark, name in source.known_files.items():
                tally.count(source.kind)
                hits.add(Origin(source.kind, name), tally.recall(mark))
            waiting += _below(repository, source, tally)


def _objects(repository: Repository, tally: Tally, hits: Hits) -> None:
    if repository.git_dir is None:
        return
    new: list[StoredObject] = []
    for stored in list_objects(repository):
        if tally.knows(stored.oid):
            hits.add(stored.origin, tally.recall(stored.oid))
        else:
            new.append(stored)
            tally.total += stored.size
        tally.objects += 1
    if new:
        with Log.of(repository, "--all") as log:
            paths = log.paths()
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


def _below(repository: Repository, source: Files, tally: Tally) -> Iterator[Repository]:
    """The repositories below this one: submodules that are checked out, and nested clones."""
    for folder in source.nested:
        name = os.path.join(repository.name, os.path.relpath(folder, source.root))  # noqa: PTH118
        try:
            yield open_repository(folder, name)
        except CollectionError as error:
            tally.miss(name, error.message)
