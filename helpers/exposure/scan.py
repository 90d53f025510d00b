"""A scan: a search of a repository, and where that lies which it saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from helpers.exposure.engine import Engine
from helpers.exposure.hits import Hits
from helpers.exposure.leaks import merged
from helpers.exposure.memory import Memory, NoCache
from helpers.exposure.places import Map, placed
from helpers.exposure.recall import Recall
from helpers.exposure.records import Coverage, Leak
from helpers.exposure.repository import Repository, open_repository
from helpers.exposure.scope import Scope
from helpers.exposure.search import Source, search
from helpers.exposure.tally import Progress, Tally

__all__ = ["Scanned", "scan"]

_ALL: Final = Scope()


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
    stop: Event | None = None,
) -> Scanned:
    """Search a repository, or a folder, and everything below it.

    `configured` names the variables of the secrets in use now, by fingerprint. Raises UsageError
    where there is no such folder, CollectionError where git can't read the repository. Ctrl-C, or
    `stop` when it is set, ends the search, and the answer holds what was seen until then.
    """
    memory = memory or NoCache()
    try:
        tally = Tally(engine, Recall(memory), observe, stop or Event())
        sources = _searched(open_repository(path), scope, tally)
        places = [placed(s.hits, Map(s.repository, s.hits.seen, s.history)) for s in sources]
    finally:
        memory.close()
    return Scanned(
        leaks=merged(places, configured or {}),
        coverage=tally.coverage([s.repository for s in sources], history=not scope.staged),
        sources=tuple((source.repository, source.hits) for source in sources),
    )


def _searched(top: Repository, scope: Scope, tally: Tally) -> list[Source]:
    sources: list[Source] = []
    try:
        for source in search(top, scope, tally):
            sources.append(source)  # noqa: PERF402 (what is there when Ctrl-C comes counts)
    except KeyboardInterrupt:
        tally.interrupted = True
    return sources
