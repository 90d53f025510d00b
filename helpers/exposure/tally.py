"""What a scan counts, remembers and reports while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final

from helpers.exposure.cache import Memory, Seen
from helpers.exposure.engine import Engine
from helpers.exposure.items import Item, Looked, OriginKind
from helpers.exposure.leaks import Hits
from helpers.exposure.lfs import absent_content
from helpers.exposure.look import look
from helpers.exposure.places import shown
from helpers.exposure.records import Coverage, Missed
from helpers.exposure.repository import Repository

__all__ = ["Progress", "Tally"]

_MOST_MISSED: Final = 200  # told one by one; the number of all is told beside them
_STEP_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Progress:
    """How far a scan is, in bytes; `total` is what is known to lie ahead."""

    done: int
    total: int
    found: int


@dataclass
class Tally:
    """The state of one scan."""

    engine: Engine
    memory: Memory
    observe: Callable[[Progress], None]
    objects: int = 0
    files: int = 0
    total: int = 0
    _done: int = 0
    _missed: set[Missed] = field(default_factory=set)
    _found: set[str] = field(default_factory=set)
    _told: float = 0.0

    def look(self, repository: Repository, items: Iterable[Item], hits: Hits) -> None:
        """Look at the items and note what is in them."""
        absent = partial(absent_content, common=repository.common)
        for batch in look(items, self.engine, absent):
            self.memory.remember(batch)
            for looked in batch:
                self._note(repository, looked, hits)
            self._tell()

    def counted(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, counted as they pass."""
        for item in items:
            if item.whole and not item.reason:
                self.count(item.origin.kind)
            self.total += len(item.data)
            yield item

    def count(self, kind: OriginKind) -> None:
        """Count a file of the project; those of git's folder differ from machine to machine."""
        self.files += kind is OriginKind.FILE

    def knows(self, mark: str) -> bool:
        """Whether it was looked at before."""
        return mark in self._known

    def recall(self, mark: str) -> Seen:
        """What was seen in it then."""
        return self._seen.get(mark, ())

    def miss(self, where: str, reason: str) -> None:
        """Note what could not be looked at."""
        self._missed.add(Missed(where=shown(where), reason=reason))

    def coverage(self, repositories: Sequence[Repository], *, interrupted: bool) -> Coverage:
        """What was looked at, and what was not."""
        missed = sorted(self._missed, key=lambda m: (m.where, m.reason))
        return Coverage(
            rules=self.engine.identity,
            objects=self.objects,
            files=self.files,
            repositories=len(repositories),
            git=bool(repositories) and repositories[0].git_dir is not None,
            shallow=any(r.shallow for r in repositories),
            partial=any(r.partial for r in repositories),
            interrupted=interrupted,
            missed=tuple(missed[:_MOST_MISSED]),
            missed_total=len(missed),
        )

    @cached_property
    def _known(self) -> set[str]:
        return self.memory.known()

    @cached_property
    def _seen(self) -> dict[str, Seen]:
        return self.memory.seen()

    def _note(self, repository: Repository, looked: Looked, hits: Hits) -> None:
        self._done += len(looked.item.data)
        origin = looked.item.origin
        hits.add(origin, looked.seen)
        self._found.update(sighting.fingerprint for _, sighting in looked.seen)
        name = f"{repository.name}/{origin.name}" if repository.name else origin.name
        for inner, reason in looked.missed:
            self.miss(f"{origin.kind} {name}!{inner}" if inner else f"{origin.kind} {name}", reason)

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told > _STEP_SECONDS:
            self._told = now
            self.observe(Progress(self._done, self.total, len(self._found)))
