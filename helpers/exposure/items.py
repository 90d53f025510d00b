"""What goes through a scan: bytes with the place they came from, and what became of them.

Millions of these are made, so that those which are nobody's key are not frozen: that costs four
times as much.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from helpers.exposure.engine import Sighting

__all__ = ["NOTHING", "Item", "Kept", "Looked", "Origin", "OriginKind"]


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


@dataclass(slots=True)
class Item:
    """Bytes to look at. `path` lets rules that hold for some files alone apply.

    A large object comes in pieces; `first_line` then says how many lines lie before this one, and
    the last item has no bytes and a reason, as large objects are not unpacked.
    """

    origin: Origin
    path: str
    data: bytes = field(repr=False)
    first_line: int = 0
    whole: bool = True
    reason: str = ""  # set where the bytes could not be had: then this is all there is to say
    marks: tuple[str, ...] = ()  # what the cache knows the bytes by; none: it must not know them


class Kept(NamedTuple):
    """What was seen in some bytes, with the place inside them, and what was not looked at."""

    seen: tuple[tuple[str, Sighting], ...] = ()
    missed: tuple[tuple[str, str], ...] = ()


NOTHING: Final = Kept()


@dataclass(slots=True)
class Looked:
    """What became of an item. `lasting`: the same bytes would get the same answer again."""

    item: Item
    kept: Kept = NOTHING
    lasting: bool = True
