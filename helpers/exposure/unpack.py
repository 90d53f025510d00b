"""Content that hides other content: archives, nested and bounded, and notebooks, decoded.

Archives are known by their first bytes, not by their names (a wheel, a jar and an xlsx are zips).
All limits hold for one root item together, so that a bomb costs what a large file costs; whatever
a limit cuts off is told. Nothing is written to disk.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from helpers.exposure.notebook_text import cells

__all__ = ["Budget", "Part", "is_plain", "unpack"]

_BROKEN: Final = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # zipfile: an encrypted member
    NotImplementedError,
    KeyError,
    OverflowError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)
_OPAQUE: Final = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive, which is not opened",
    b"Rar!\x1a\x07": "a rar archive, which is not opened",
    b"\x28\xb5\x2f\xfd": "zstd-compressed, which is not opened",
}
_OPAQUE_MAGICS: Final = tuple(_OPAQUE)
_EDGE: Final = 4096  # bytes


class Readable(Protocol):
    """What a member's bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""


Members = Iterator[tuple[str, Readable, int]]  # name, content, packed size


@dataclass
class Budget:
    """What unpacking one root item may cost."""

    depth: int = 5
    entries: int = 20_000
    bytes: int = 256 << 20
    ratio: int = 400  # times the packed size, beyond the first `free` bytes
    free: int = 16 << 20

    def grant(self, packed: int) -> int:
        """How many bytes something of this packed size may become."""
        return max(0, min(self.bytes, self.free + packed * self.ratio))


@dataclass(slots=True)
class Part:
    """Bytes inside an item and the place there; or, with a reason, what was not looked at."""

    inner: str
    data: bytes = field(default=b"", repr=False)
    reason: str = ""


def is_plain(data: bytes) -> bool:
    """Whether there is nothing to unpack: true of nearly all content, and quick to tell."""
    return not (_opener(data) or _may_be_notebook(data) or data.startswith(_OPAQUE_MAGICS))


def _may_be_notebook(data: bytes) -> bool:
    """The word stands near the end, or near the beginning where keys are not sorted."""
    return data.find(b'"nbformat"', -_EDGE) >= 0 or data.find(b'"nbformat"', 0, _EDGE) >= 0


def unpack(path: str, data: bytes, budget: Budget | None = None, inner: str = "") -> Iterator[Part]:
    """The item's own bytes and everything in it that can be told apart."""
    budget = budget or Budget()
    opener = _opener(data)
    if opener:
        yield from _archive(opener(data), path, data, budget, inner)
        return
    notebook = cells(data) if _may_be_notebook(data) else None
    if notebook is None:
        yield Part(inner, data)
    else:
        for cell, text in notebook:
            yield Part(_join(inner, cell), text)
    for magic, reason in _OPAQUE.items():
        if data.startswith(magic):
            yield Part(inner, reason=reason)


def _archive(members: Members, path: str, data: bytes, left: Budget, inner: str) -> Iterator[Part]:
    if not left.depth:
        yield Part(inner, reason="archives nested too deep")
        return
    left.depth -= 1
    try:
        for name, stream, packed in members:
            where = _join(inner, name)
            left.entries -= 1
            if left.entries < 0 or left.bytes <= 0:
                yield Part(
                    where, reason="the archive is too large: this and what follows is not read"
                )
                break
            yield from _member(where, stream, packed, path, left)
    except _BROKEN as error:
        yield Part(inner, data)
        yield Part(inner, reason=f"the archive is damaged ({type(error).__name__})")
    finally:
        left.depth += 1


def _member(where: str, stream: Readable, packed: int, path: str, left: Budget) -> Iterator[Part]:
    grant = left.grant(packed)
    try:
        content = stream.read(grant + 1)
    except _BROKEN as error:
        yield Part(where, reason=f"can't be unpacked ({type(error).__name__})")
        return
    left.bytes -= len(content)
    if len(content) > grant:
        content = content[:grant]
        yield Part(where, reason="unpacks to too much: only its beginning was searched")
    yield from unpack(f"{path}!{where}", content, left, where)


def _join(outer: str, inner: str) -> str:
    return f"{outer}!{inner}" if outer else inner


def _zip(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, _ZipMember(archive, info), info.compress_size


class _ZipMember:
    """A member that is opened when it is read, so that one bad member stops itself alone."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self._archive, self._info = archive, info

    def read(self, size: int, /) -> bytes:
        with self._archive.open(self._info) as stream:
            return stream.read(size)


def _tar(data: bytes) -> Members:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isreg() else None
            if stream:
                yield member.name, stream, member.size


def _gzip(data: bytes) -> Members:
    with gzip.open(io.BytesIO(data)) as stream:
        yield "gz", stream, len(data)


def _bzip2(data: bytes) -> Members:
    with bz2.open(io.BytesIO(data)) as stream:
        yield "bz2", stream, len(data)


def _xz(data: bytes) -> Members:
    with lzma.open(io.BytesIO(data)) as stream:
        yield "xz", stream, len(data)


_OPENERS: Final = (
    (0, b"PK\x03\x04", _zip),
    (0, b"\x1f\x8b\x08", _gzip),
    (0, b"BZh", _bzip2),
    (0, b"\xfd7zXZ\x00", _xz),
    (257, b"ustar", _tar),
)


def _opener(data: bytes) -> Callable[[bytes], Members] | None:
    for offset, magic, opener in _OPENERS:
        if data.startswith(magic, offset):
            return opener
    return None
