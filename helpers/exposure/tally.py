"""What a scan counts and reports while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Final

from helpers.exposure.engine import Engine
from helpers.exposure.hits import Hits
from helpers.exposure.items import Item, Kept, Origin, OriginKind
from helpers.exposure.lfs import absent_content
from helpers.exposure.look import look
from helpers.exposure.names import shown
from helpers.exposure.recall import Recall
from helpers.exposure.repository import Repository

if TYPE_CHECKING:
    from helpers.exposure.records import Coverage

__all__ = ["Progress", "Tally"]

_MOST_MISSED: Final = 200  # told one by one; the number of all is told beside them
_EXAMPLES: Final = 5
_STEP_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Progress:
    """How far a scan is, in bytes; `total` is what is known to lie ahead."""

    done: int
    total: int
    found: int


@dataclass
class Tally:
    """The state of one scan. Setting `stop` ends it as Ctrl-C does."""

    engine: Engine
    recall: Recall
    observe: Callable[[Progress], None]
    stop: Event = field(default_factory=Event)
    objects: int = 0
    files: int = 0
    total: int = 0
    absent: list[str] = field(default_factory=list)  # objects that partial clones left behind
    interrupted: bool = False
    _done: int = 0
    _missed: set[tuple[str, str]] = field(default_factory=set)
    _found: set[str] = field(default_factory=set)
    _told: float = 0.0

    def look(self, repository: Repository, items: Iterable[Item], hits: Hits) -> None:
        """Look at the items and note what is in them."""
        absent = partial(absent_content, common=repository.common)
        for batch in look(items, self.engine, absent):
            self.recall.learn(batch)
            for looked in batch:
                self._done += len(looked.item.data)
                self.note(repository, looked.item.origin, looked.kept, hits)
            self._tell()

    def counted(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, counted as they pass."""
        for item in items:
            if item.whole and (item.marks or not item.reason):
                self.count(item.origin.kind)
            self.total += len(item.data)
            yield item

    def count(self, kind: OriginKind) -> None:
        """Count a file of the project; those of git's folder differ from machine to machine."""
        self.files += kind is OriginKind.FILE

    def knows(
        self, repository: Repository, hits: Hits, marks: tuple[str, ...], origin: Origin
    ) -> bool:
        """Whether a file was looked at, by its first mark; then what is in it is noted."""
        if not self.recall.knows(marks[0]):
            return False
        for mark in marks[1:]:
            self.recall.adopt(mark, like=marks[0])
        self.count(origin.kind)
        self.note(repository, origin, self.recall.of(marks[0]), hits)
        return True

    def note(self, repository: Repository, origin: Origin, kept: Kept, hits: Hits) -> None:
        """Note what is in some bytes, and what in them could not be looked at."""
        if kept.seen:
            hits.add(origin, kept.seen)
            self._found.update(sighting.fingerprint for _, sighting in kept.seen)
        if kept.missed:
            name = f"{repository.name}/{origin.name}" if repository.name else origin.name
            where = f"{origin.kind} {name}"
            for inner, reason in kept.missed:
                self.miss(f"{where}!{inner}" if inner else where, reason)

    def miss(self, where: str, reason: str) -> None:
        """Note what could not be looked at."""
        self._missed.add((shown(where), reason))

    @property
    def clean(self) -> bool:
        """Whether all was looked at and nothing was seen."""
        return not (self._found or self._missed or self.interrupted)

    def coverage(self, repositories: Sequence[Repository], *, history: bool = True) -> Coverage:
        """What was looked at, and what was not; what lacks in the history, where that counts."""
        from helpers.exposure.records import Coverage, Missed

        missed = [Missed(where=where, reason=why) for where, why in sorted(self._missed)]
        return Coverage(
            rules=self.engine.identity,
            objects=self.objects,
            files=self.files,
            repositories=len(repositories),
            git=bool(repositories) and repositories[0].git_dir is not None,
            shallow=history and any(r.shallow for r in repositories),
            partial=history and any(r.partial for r in repositories),
            absent=len(self.absent),
            absent_examples=tuple(self.absent[:_EXAMPLES]),
            interrupted=self.interrupted,
            missed=tuple(missed[:_MOST_MISSED]),
            missed_total=len(missed),
        )

    def _tell(self) -> None:
        if self.stop.is_set():
            raise KeyboardInterrupt
        now = time.monotonic()
        if now - self._told > _STEP_SECONDS:
            self._told = now
            self.observe(Progress(self._done, self.total, len(self._found)))
