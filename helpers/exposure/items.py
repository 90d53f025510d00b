"""What goes through a scan: bytes with the place they came from, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from helpers.exposure.engine import Sighting

__all__ = ["Item", "Looked", "Origin", "OriginKind"]


class OriginKind(StrEnum):
    """What some bytes are."""

    BLOB = "blob"
    COMMIT = "commit"
    TAG = "tag"
    FILE = "file"
    GIT_FILE = "git file"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where bytes came from: `name` is an object id or a path in the repository."""

    kind: OriginKind
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """Bytes to look at. `path` lets rules that hold for some files alone apply.

    A large object comes in pieces; `first_line` then says how many lines lie before this one.
    """

    origin: Origin
    path: str
    data: bytes = field(repr=False)
    first_line: int = 0
    whole: bool = True
    reason: str = ""  # set where the bytes could not be had: then this is all there is to say
    mark: str = ""  # what the cache knows the bytes by, where that is not the origin's name


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen in an item, with the place inside it, and what in it was not looked at."""

    item: Item
    seen: tuple[tuple[str, Sighting], ...] = ()
    missed: tuple[tuple[str, str], ...] = ()
