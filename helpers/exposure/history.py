"""A repository's commits, and where blobs appear in them: asked of git once, then kept.

What a commit changed never changes. So the cache keeps where the blobs of interest appear in the
commits that it knows, and a repeat scan asks about new commits alone; a digest of the known ones
says whether what is kept is about exactly these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from helpers.exposure.lineage import Appearance, Commit, Found, Log, follow
from helpers.exposure.memory import Memory
from helpers.exposure.repository import Repository

__all__ = ["History"]


@dataclass
class History:
    """The commits that a scan met. `whole`: all of the repository's are among them."""

    repository: Repository
    memory: Memory
    whole: bool = True
    known: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    @cached_property
    def log(self) -> Log:
        """What the new commits changed. Raises CollectionError."""
        return Log.of(self.repository, self.new)

    def appearances(self, blobs: Collection[str]) -> Found:
        """Where the blobs appear in all of the commits. Raises CollectionError."""
        if not blobs or not (self.known or self.new):
            return {}
        found = self._kept() if self.known else {}
        if found is None or (self.known and not self._suffices(found, blobs)):
            found = follow(Log.of(self.repository, self._all()), blobs)
        elif self.new:
            _join(found, follow(self.log, blobs))
        else:
            return found
        self._keep(found, blobs)
        return found

    def _suffices(self, found: Found, blobs: Collection[str]) -> bool:
        """Whether each blob is either kept or one of the new commits'."""
        unknown = set(blobs) - found.keys()
        return not unknown or unknown <= follow(self.log, unknown).keys()

    def _all(self) -> list[str]:
        return [*self.known, *self.new]

    @property
    def _place(self) -> str:
        return f"lineage {self.repository.common}"

    def _kept(self) -> Found | None:
        note: dict[str, Any] = json.loads(self.memory.note(self._place) or "{}")
        if note.get("commits") != _digest(self.known):
            return None
        return {
            oid: {path: _appearance(path, *sides) for path, sides in paths.items()}
            for oid, paths in note["blobs"].items()
        }

    def _keep(self, found: Found, blobs: Collection[str]) -> None:
        if not self.whole:
            return
        kept = {
            oid: {path: _sides(one) for path, one in found.get(oid, {}).items()} for oid in blobs
        }
        note = json.dumps({"commits": _digest(self._all()), "blobs": kept})
        self.memory.write_note(self._place, note)


def _join(found: Found, more: Found) -> None:
    for oid, paths in more.items():
        for path, one in paths.items():
            into = found.setdefault(oid, {}).setdefault(path, Appearance(path))
            into.came += one.came
            into.went += one.went


def _digest(commits: Iterable[str]) -> str:
    return hashlib.sha256("".join(sorted(commits)).encode()).hexdigest()


def _sides(one: Appearance) -> list[list[tuple[str, str, float]]]:
    sides = (one.came, one.went)
    return [[(c.oid, c.author, c.when.timestamp()) for c in side] for side in sides]


def _appearance(path: str, *sides: list[tuple[str, str, float]]) -> Appearance:
    came, went = ([Commit(o, a, datetime.fromtimestamp(t, UTC)) for o, a, t in s] for s in sides)
    return Appearance(path, came, went)
