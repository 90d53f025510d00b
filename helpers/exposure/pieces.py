"""Large content in overlapping pieces, so that memory stays bounded and no secret is cut in two."""

from __future__ import annotations

from collections.abc import Generator
from typing import IO, Final

from helpers.exposure.items import Item, Origin

__all__ = ["LARGEST", "WHOLE", "pieces"]

WHOLE: Final = 32 << 20  # bytes; up to this, content is read at once and can be unpacked
LARGEST: Final = 4 << 30  # bytes; nothing larger is looked at
_PIECE: Final = 8 << 20
_OVERLAP: Final = 4 << 10  # longer than any secret and the words that lead to it


def pieces(
    origin: Origin, path: str, stream: IO[bytes], size: int, mark: str = ""
) -> Generator[Item, None, bool]:
    """Read `size` bytes as items. Answers False where the stream ended before that.

    What ends too early is not given out as a whole; what is too large to be unpacked or looked at
    says so by an item with a reason.
    """
    marks = (mark,) if mark else ()
    if size <= WHOLE:
        data = stream.read(size)
        if len(data) == size:
            yield Item(origin, path, data, marks=marks)
        return len(data) == size
    rest, tail, lines = min(size, LARGEST), b"", 0
    while rest:
        piece = stream.read(min(_PIECE, rest))
        if not piece:
            return False
        rest -= len(piece)
        yield Item(origin, path, tail + piece, lines, whole=False, marks=marks)
        lines += (tail + piece)[:-_OVERLAP].count(b"\n")
        tail = (tail + piece)[-_OVERLAP:]
    return (yield from _end(origin, marks, stream, size))


def _end(
    origin: Origin, marks: tuple[str, ...], stream: IO[bytes], size: int
) -> Generator[Item, None, bool]:
    """Say what a large object's looking left out, and skip what lies beyond the limit."""
    rest = max(0, size - LARGEST)
    reason = "too large to be unpacked; its bytes were searched"
    if rest:
        reason = f"only its first {LARGEST >> 30} GiB were searched"
    yield Item(origin, "", b"", reason=reason, marks=marks)
    while rest:
        skipped = len(stream.read(min(_PIECE, rest)))
        if not skipped:
            return False
        rest -= skipped
    return True
