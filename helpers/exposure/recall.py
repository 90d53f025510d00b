"""What a scan knows already, from the cache and from what it has looked at itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Final

from helpers.exposure.items import NOTHING, Kept, Looked
from helpers.exposure.memory import Memory

__all__ = ["Recall"]

_CLASS: Final = 4  # hex digits of the class of paths, at the end of an object's mark
_FILE_MARK: Final = 40  # hex digits; the marks of objects are longer


class Recall:
    """Marks and objects that need not be looked at, and what is in them."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._pieces: defaultdict[tuple[str, ...], list[tuple[Kept, bool]]] = defaultdict(list)

    # Loaded when first asked for: git lists the objects meanwhile.

    @cached_property
    def _marks(self) -> set[str]:
        return self.memory.known()

    @cached_property
    def _objects(self) -> set[str]:
        return {mark[:-_CLASS] for mark in self._marks if len(mark) > _FILE_MARK}

    @cached_property
    def _kept(self) -> dict[str, Kept]:
        return self.memory.kept()

    @cached_property
    def _in_objects(self) -> defaultdict[str, list[Kept]]:
        found = defaultdict(list)
        for mark, kept in self._kept.items():
            if len(mark) > _FILE_MARK:
                found[mark[:-_CLASS]].append(kept)
        return found

    def knows(self, mark: str) -> bool:
        """Whether these bytes were looked at, with a path of this class."""
        return mark in self._marks

    def met(self, oid: str) -> bool:
        """Whether an object was looked at, whatever its path."""
        return oid in self._objects

    def of(self, mark: str) -> Kept:
        """What is in bytes that are known."""
        return self._kept.get(mark, NOTHING)

    def in_object(self, oid: str) -> Iterable[Kept]:
        """What is in an object that was met, with paths of each class."""
        return self._in_objects.get(oid, ())

    def adopt(self, mark: str, like: str) -> None:
        """Know a further mark of bytes that are known."""
        self._learn(mark, self.of(like))

    def learn(self, batch: Iterable[Looked]) -> None:
        """Know what was looked at, so far as the same bytes get the same answer again."""
        for looked in filter(None, map(self._joined, batch)):
            if looked.lasting and looked.item.marks:
                for mark in looked.item.marks:
                    self._learn(mark, looked.kept)
        self.memory.breathe()

    def _learn(self, mark: str, kept: Kept) -> None:
        is_object = len(mark) > _FILE_MARK
        if is_object:
            self._objects.add(mark[:-_CLASS])
        if kept != NOTHING:
            if is_object:
                self._in_objects[mark[:-_CLASS]].append(kept)
            self._kept[mark] = kept
        self._marks.add(mark)
        self.memory.remember(mark, kept)

    def _joined(self, looked: Looked) -> Looked | None:
        """The pieces of a large object as one, without their bytes; None until its end."""
        marks = looked.item.marks
        if not looked.item.whole:
            self._pieces[marks].append((looked.kept, looked.lasting))
            return None
        if marks not in self._pieces:
            return looked
        pieces = [*self._pieces.pop(marks), (looked.kept, looked.lasting)]
        seen = tuple(one for kept, _ in pieces for one in kept.seen)
        missed = tuple(one for kept, _ in pieces for one in kept.missed)
        lasting = all(lasting for _, lasting in pieces)
        return Looked(looked.item, Kept(seen, missed), lasting=lasting)
