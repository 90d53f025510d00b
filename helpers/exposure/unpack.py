"""Content that hides other content: archives, unpacked within limits, and notebooks, decoded.

An archive is recognised by its first bytes, not by its name (a wheel, a jar and an xlsx are zips).
All limits apply to one item as a whole, so that a bomb costs what a large file costs; whatever a
limit cuts off is reported. Nothing is written to disk.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

__all__ = ["UnpackBudget", "UnpackedPart", "is_plain", "notebook_cells", "unpack"]

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
    """A stream of a member's bytes."""

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""


Members = Iterator[tuple[str, Readable, int]]  # name, content, packed size


@dataclass
class UnpackBudget:
    """What unpacking one item may still cost in all."""

    depth: int = 5
    entries: int = 20_000
    bytes: int = 256 << 20
    ratio: int = 400  # times the packed size, beyond the first `free` bytes
    free: int = 16 << 20

    def grant(self, packed: int) -> int:
        """Return how many bytes content of this packed size may expand to."""
        return max(0, min(self.bytes, self.free + packed * self.ratio))


@dataclass(slots=True)
class UnpackedPart:
    """Bytes inside an item and their place in it; with a reason, a place that was not scanned."""

    inner: str
    data: bytes = field(default=b"", repr=False)
    reason: str = ""


def is_plain(data: bytes) -> bool:
    """Return whether there is nothing to unpack. Quick, and true of nearly all content."""
    return not (_opener(data) or _may_be_notebook(data) or data.startswith(_OPAQUE_MAGICS))


def _may_be_notebook(data: bytes) -> bool:
    """Check for the word near the end, or near the start if keys are not sorted."""
    return data.find(b'"nbformat"', -_EDGE) >= 0 or data.find(b'"nbformat"', 0, _EDGE) >= 0


def unpack(
    path: str, data: bytes, budget: UnpackBudget | None = None, inner: str = ""
) -> Iterator[UnpackedPart]:
    """Yield the item's own bytes, or each part of an archive or a notebook."""
    budget = budget or UnpackBudget()
    opener = _opener(data)
    if opener:
        yield from _archive(opener(data), path, data, budget, inner)
        return
    notebook = notebook_cells(data) if _may_be_notebook(data) else None
    if notebook is None:
        yield UnpackedPart(inner, data)
    else:
        for cell, text in notebook:
            yield UnpackedPart(_join(inner, cell), text)
    for magic, reason in _OPAQUE.items():
        if data.startswith(magic):
            yield UnpackedPart(inner, reason=reason)


def _archive(
    members: Members, path: str, data: bytes, left: UnpackBudget, inner: str
) -> Iterator[UnpackedPart]:
    if not left.depth:
        yield UnpackedPart(inner, reason="archives nested too deep")
        return
    left.depth -= 1
    try:
        for name, stream, packed in members:
            where = _join(inner, name)
            left.entries -= 1
            if left.entries < 0 or left.bytes <= 0:
                yield UnpackedPart(
                    where, reason="the archive is too large: this and what follows is not read"
                )
                break
            yield from _member(where, stream, packed, path, left)
    except _BROKEN as error:
        yield UnpackedPart(inner, data)
        yield UnpackedPart(inner, reason=f"the archive is damaged ({type(error).__name__})")
    finally:
        left.depth += 1


def _member(
    where: str, stream: Readable, packed: int, path: str, left: UnpackBudget
) -> Iterator[UnpackedPart]:
    grant = left.grant(packed)
    try:
        content = stream.read(grant + 1)
    except _BROKEN as error:
        yield UnpackedPart(where, reason=f"can't be unpacked ({type(error).__name__})")
        return
    left.bytes -= len(content)
    if len(content) > grant:
        content = content[:grant]
        yield UnpackedPart(where, reason="unpacks to too much: only its beginning was searched")
    yield from unpack(f"{path}!{where}", content, left, where)


def _join(outer: str, inner: str) -> str:
    return f"{outer}!{inner}" if outer else inner


def _zip(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, _ZipMember(archive, info), info.compress_size


class _ZipMember:
    """A member that is opened when it is read, so that a bad member does not affect others."""

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


def notebook_cells(data: bytes) -> list[tuple[str, bytes]] | None:
    """Return each cell's source, each output and the rest by name, or None if it is no notebook.

    JSON escapes are undone and pictures left out. Names count from 1, as in JupyterLab:
    `cell 3, output 1`.
    """
    try:
        document = json.loads(data, object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, _Object):
        return None
    return list(_named(document))


class _Object(list[tuple[str, Any]]):
    """A JSON object as a list of pairs, so that a duplicate key hides nothing."""

    def all(self, key: str) -> list[Any]:
        return [value for name, value in self if name == key]


def _named(document: _Object) -> Iterator[tuple[str, bytes]]:
    rest = _Object()
    for key, value in document:
        if key == "cells" and isinstance(value, list):
            for number, cell in enumerate(value, 1):
                yield from _cell(f"cell {number}", cell)
        else:
            rest.append((key, value))
    yield "metadata", _text(rest)


def _cell(name: str, cell: Any) -> Iterator[tuple[str, bytes]]:
    if not isinstance(cell, _Object):
        yield name, _text(cell)
        return
    outputs = [o for value in cell.all("outputs") if isinstance(value, list) for o in value]
    yield name, _text(_Object((k, v) for k, v in cell if k != "outputs"))
    for number, output in enumerate(outputs, 1):
        yield f"{name}, output {number}", _text(output)


def _text(value: Any) -> bytes:
    return "\n".join(_strings(value)).encode("utf-8", "replace")


def _strings(value: Any) -> Iterator[str]:
    """Yield every string. The lines of a source are joined; `key: value` stays together."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, _Object):
        for key, item in value:
            if key.startswith("image/") and key != "image/svg+xml":
                continue
            if isinstance(item, str):
                yield item if "\n" in item else f"{key}: {item}"
            else:
                yield key
                yield from _strings(item)
    elif isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from _strings(item)
