"""What passes through a scan: bytes and their origin, the engine's matches, and the result.

Nothing behind `SecretEngine` holds a secret: an engine returns fingerprints and shapes. Only
`values` returns the secrets themselves, for a liveness check on bytes that are read again for it.

A scan creates millions of items, so the classes that are not dictionary keys are not frozen: a
frozen one takes four times as long to create.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = [
    "DEFAULT_PATH_CLASS",
    "EMPTY_RESULT",
    "LARGEST",
    "WHOLE",
    "EngineChanges",
    "Origin",
    "OriginKind",
    "ScanItem",
    "ScanMatches",
    "ScanResult",
    "ScannedItem",
    "SecretEngine",
    "SecretMatch",
    "printable",
    "read_items",
]

DEFAULT_PATH_CLASS: Final = "0000"  # of a path that no rule treats specially
WHOLE: Final = 32 << 20  # bytes; up to this size, content is read at once and can be unpacked
LARGEST: Final = 4 << 30  # bytes; the rest of larger content is not scanned
_PIECE: Final = 8 << 20
_OVERLAP: Final = 4 << 10  # longer than any secret and the words that introduce it
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class SecretMatch:
    """A secret that was found at one place in some bytes."""

    kind: str
    title: str
    fingerprint: str
    shape: str
    line: int


@dataclass(frozen=True)
class EngineChanges:
    """How an engine differs from an earlier one with the same rules: in its secrets in use.

    `gone` are the fingerprints of those that are no longer in use. `has_new` returns whether bytes
    contain one that was not in use then; raises TimeoutError if that takes too long.
    """

    gone: frozenset[str]
    has_new: Callable[[bytes, str], bool]


class SecretEngine(Protocol):
    """Finds secrets. Safe to share between threads; opens no socket."""

    @property
    def identity(self) -> str:
        """Changes whenever the same bytes could give another result: engine, version, rules."""

    def changes_since(self, identity: str) -> EngineChanges | None:
        """Compare with an earlier engine; None if more than the secrets in use is different."""

    @property
    def depends_on_paths(self) -> bool:
        """True if some rules apply to certain paths only: then each object needs its paths."""

    def path_class(self, path: str) -> str:
        """Four hex digits: the same bytes give the same result at all paths of one class."""

    def warm_up(self) -> None:
        """Load the rules now instead of with the first bytes."""

    def scan(self, data: bytes, path: str) -> tuple[SecretMatch, ...]:
        """Find the secrets in the bytes. Raises TimeoutError if that takes too long."""

    def values(self, data: bytes, path: str) -> Mapping[str, SecretStr]:
        """Return the secrets in the bytes by fingerprint."""


class OriginKind(StrEnum):
    """The kind of object that bytes come from."""

    BLOB = "blob"
    COMMIT = "commit"
    TAG = "tag"
    FILE = "file"
    GIT_FILE = "git file"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where bytes come from: `name` is an object id or a path in the repository."""

    kind: OriginKind
    name: str


@dataclass(slots=True)
class ScanItem:
    """Bytes to scan. Rules that apply to certain files only need the `path`.

    A large object comes in pieces: `first_line` is the number of lines before this piece. Its last
    item has no bytes but a reason, because large objects are not unpacked.
    """

    origin: Origin
    path: str
    data: bytes = field(repr=False)
    first_line: int = 0
    whole: bool = True
    reason: str = ""  # why the bytes could not be read; then there is nothing else in the item
    cache_keys: tuple[str, ...] = ()  # empty if the result must not be cached
    earlier: ScanResult | None = None  # the result with other secrets in use


class ScanResult(NamedTuple):
    """The matches in some bytes and what was not scanned, each with its place in the bytes."""

    matches: tuple[tuple[str, SecretMatch], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()


EMPTY_RESULT: Final = ScanResult()


@dataclass(slots=True)
class ScannedItem:
    """An item with its result. `cacheable`: the same bytes would give the same result again."""

    item: ScanItem
    result: ScanResult = EMPTY_RESULT
    cacheable: bool = True


@dataclass
class ScanMatches:
    """The matches in one repository by origin, with the place inside; each once."""

    by_origin: dict[Origin, dict[tuple[str, SecretMatch], None]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, origin: Origin, matches: Iterable[tuple[str, SecretMatch]]) -> None:
        """Record the matches in an origin."""
        for one in matches:
            self.by_origin[origin][one] = None


def read_items(
    origin: Origin, path: str, stream: IO[bytes], size: int, cache_key: str = ""
) -> Generator[ScanItem, None, bool]:
    """Read `size` bytes as items. Returns False if the stream ends before that.

    Large content comes in overlapping pieces, so that memory stays bounded and no secret is cut in
    two. Truncated content never comes as a whole item. Content that is too large to be unpacked
    or scanned is reported by an item with a reason.
    """
    cache_keys = (cache_key,) if cache_key else ()
    if size <= WHOLE:
        data = stream.read(size)
        if len(data) == size:
            yield ScanItem(origin, path, data, cache_keys=cache_keys)
        return len(data) == size
    rest, tail, lines = min(size, LARGEST), b"", 0
    while rest:
        piece = stream.read(min(_PIECE, rest))
        if not piece:
            return False
        rest -= len(piece)
        yield ScanItem(origin, path, tail + piece, lines, whole=False, cache_keys=cache_keys)
        lines += (tail + piece)[:-_OVERLAP].count(b"\n")
        tail = (tail + piece)[-_OVERLAP:]
    return (yield from _last_item(origin, cache_keys, stream, size))


def _last_item(
    origin: Origin, cache_keys: tuple[str, ...], stream: IO[bytes], size: int
) -> Generator[ScanItem, None, bool]:
    """Report what was left out of a large object, and skip the bytes beyond the limit."""
    rest = max(0, size - LARGEST)
    reason = "too large to be unpacked; its bytes were searched"
    if rest:
        reason = f"only its first {LARGEST >> 30} GiB were searched"
    yield ScanItem(origin, "", b"", reason=reason, cache_keys=cache_keys)
    while rest:
        skipped = len(stream.read(min(_PIECE, rest)))
        if not skipped:
            return False
        rest -= skipped
    return True


def printable(name: str) -> str:
    """Return a path that is safe to print: control characters and invalid bytes are escaped."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
