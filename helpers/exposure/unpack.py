"""Content that hides other content: archives, notebooks and base64, unpacked within limits.

An archive is recognised by its first bytes, not by its name (a wheel, a jar and an xlsx are zips).
A zip behind a program (`.pyz`, `.pex`, self-extracting) is recognised by the record at its end.
All limits apply to one item as a whole, so that a bomb costs what a large file costs; whatever a
limit cuts off is reported. Nothing is written to disk.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final, Protocol

from helpers.exposure.encoded import base64_blocks, is_notebook, notebook_cells
from helpers.exposure.items import WHOLE

if TYPE_CHECKING:
    import sqlite3

__all__ = ["UnpackBudget", "UnpackedPart", "is_plain", "unpack"]

_BROKEN: Final = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # zipfile: an encrypted member
    NotImplementedError,
    KeyError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)
_OPAQUE: Final = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive, which is not opened",
    b"Rar!\x1a\x07": "a rar archive, which is not opened",
}
_SQLITE: Final = b"SQLite format 3\0"
_SQLITE_SECONDS: Final = 10.0  # for one database
_OPAQUE_MAGICS: Final = tuple(_OPAQUE)
_MOST_MEMBERS: Final = 20_000
_ZIP_TAIL: Final = 65_557  # bytes at the end that can hold a zip's last record and its comment
_END_RECORD: Final = struct.Struct("<4s4H2LH")
_LISTED: Final = struct.Struct("<28x3H12x")  # a member in the list: lengths of what follows


class Readable(Protocol):
    """A stream of a member's bytes."""

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""


Members = Iterator[tuple[str, Readable, int]]  # name, content, packed size


@dataclass
class UnpackBudget:
    """What unpacking one item may still cost in all."""

    depth: int = 5
    entries: int = _MOST_MEMBERS
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
    return not (
        _opener(data)
        or is_notebook(data)
        or data.startswith((_SQLITE, *_OPAQUE_MAGICS))
        or _ends_in_zip(data)
        or any(base64_blocks(data))
    )


def unpack(
    path: str, data: bytes, budget: UnpackBudget | None = None, inner: str = ""
) -> Iterator[UnpackedPart]:
    """Yield the item's own bytes and what they encode, or each part of an archive or a notebook."""
    left = budget or UnpackBudget()
    opener = _opener(data)
    if opener:
        yield from _archive(opener(data), path, data, left, inner)
        return
    notebook = notebook_cells(data) if is_notebook(data) else None
    for cell, text in notebook or [("", data)]:
        where = _join(inner, cell) if cell else inner
        yield UnpackedPart(where, text)
        yield from _blocks(path, text, left, where)
    if data.startswith(_SQLITE):
        yield from _archive(_tables(data), path, b"", left, inner)
    if _ends_in_zip(data):
        yield from _archive(_zip(data), path, b"", left, inner)
    for magic, reason in _OPAQUE.items():
        if data.startswith(magic):
            yield UnpackedPart(inner, reason=reason)


def _blocks(path: str, data: bytes, left: UnpackBudget, inner: str) -> Iterator[UnpackedPart]:
    """Yield what the blocks of base64 in a text encode."""
    named = ((f"base64 in line {line}", content) for line, content in base64_blocks(data))
    blocks = ((name, io.BytesIO(content), len(content)) for name, content in named)
    yield from _members(blocks, path, left, inner)


def _archive(
    members: Members, path: str, data: bytes, left: UnpackBudget, inner: str
) -> Iterator[UnpackedPart]:
    try:
        yield from _members(members, path, left, inner)
    except _BROKEN as error:
        if data:
            yield UnpackedPart(inner, data)
        yield UnpackedPart(inner, reason=f"the archive is damaged ({type(error).__name__})")


def _members(members: Members, path: str, left: UnpackBudget, inner: str) -> Iterator[UnpackedPart]:
    """Yield the parts of each member until a limit is reached. Raises what a bad archive does."""
    for name, stream, packed in members:
        where = _join(inner, name)
        if not left.depth:
            yield UnpackedPart(where, reason="archives nested too deep")
            return
        left.entries -= 1
        if left.entries < 0 or left.bytes <= 0:
            reason = "the archive is too large: this and what follows is not read"
            yield UnpackedPart(where, reason=reason)
            return
        left.depth -= 1
        try:
            yield from _member(where, stream, packed, path, left)
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
    with zipfile.ZipFile(io.BytesIO(_shortened(data))) as archive:
        for info in archive.infolist():
            yield info.filename, _ZipMember(archive, info), info.compress_size


def _shortened(data: bytes) -> bytes:
    """Return the zip with one member more than are read, if it has more: a list takes memory."""
    start, end, offset = _directory(data) or (0, 0, 0)
    at, members = start, 0
    while members <= _MOST_MEMBERS and at + _LISTED.size <= end:
        at += _LISTED.size + sum(_LISTED.unpack_from(data, at))
        members += 1
    if members <= _MOST_MEMBERS or at >= end:
        return data
    record = (b"PK\x05\x06", 0, 0, members, members, at - start, offset, 0)
    return data[:at] + _END_RECORD.pack(*record)


def _directory(data: bytes) -> tuple[int, int, int] | None:
    """Return where a zip's list of members starts and ends, and its offset in the archive.

    None if no record at the end leads to a list: the same four bytes in a program are no archive.
    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12 to 4.3.16.
    """
    at = data.rfind(b"PK\x05\x06", -_ZIP_TAIL)
    if at < 0 or at + _END_RECORD.size > len(data):
        return None
    *_, size, offset, _ = _END_RECORD.unpack_from(data, at)
    end = at
    if data.startswith(b"PK\x06\x07", at - 20) and data.startswith(b"PK\x06\x06", at - 76):
        end, (size, offset) = at - 76, struct.unpack_from("<2Q", data, at - 36)
    start = end - size
    return (start, end, offset) if data.startswith(b"PK\x01\x02", max(start, 0)) else None


def _ends_in_zip(data: bytes) -> bool:
    """Return whether a zip stands behind other content. Quick: text contains no zero byte."""
    return data.find(b"\0", -_ZIP_TAIL) >= 0 and _directory(data) is not None


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


def _zstd(data: bytes) -> Members:
    yield "zst", _Zstd(io.BytesIO(data)), len(data)


class _Zstd:
    """A zstd stream; opened when it is read, because the library is imported then."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed

    def read(self, size: int, /) -> bytes:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        try:
            with zstd.open(self._packed) as stream:
                return stream.read(size)
        except zstd.ZstdError as error:
            raise ValueError from error


def _tables(data: bytes) -> Members:
    """Read the tables of an SQLite database, in which a column may name what its cells hold.

    In memory, without its triggers, views and virtual tables. A database in WAL mode is read as if
    it were not: its log is a file of its own.
    """
    import sqlite3

    until = time.monotonic() + _SQLITE_SECONDS
    try:
        with closing(sqlite3.connect(":memory:", check_same_thread=False)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, WHOLE)
            database.deserialize(data[:18] + b"\x01\x01" + data[20:])
            database.set_progress_handler(lambda: time.monotonic() > until, 100_000)
            database.execute("PRAGMA trusted_schema=OFF")
            database.text_factory = bytes
            listed = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
            for (name,) in database.execute(listed).fetchmany(_MOST_MEMBERS):
                quoted = name.decode("utf-8", "replace").replace('"', '""')
                rows = database.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 (only read)
                yield f"table {quoted}", _Rows(rows), len(data)
    except sqlite3.Error as error:
        raise ValueError from error


class _Rows:
    """The rows of a table as text, a line each: `column=value column=value`."""

    def __init__(self, rows: sqlite3.Cursor) -> None:
        self._rows = rows
        self._columns = [str(column[0]).encode("utf-8", "replace") for column in rows.description]

    def read(self, size: int, /) -> bytes:
        import sqlite3

        text = bytearray()
        try:
            for row in self._rows:
                text += b" ".join(map(self._cell, self._columns, row)) + b"\n"
                if len(text) > size:
                    break
        except sqlite3.Error as error:
            raise ValueError from error
        return bytes(text[:size])

    def _cell(self, column: bytes, value: object) -> bytes:
        return column + b"=" + (value if isinstance(value, bytes) else str(value).encode())


_OPENERS: Final = (
    (0, b"PK\x03\x04", _zip),
    (0, b"\x1f\x8b\x08", _gzip),
    (0, b"BZh", _bzip2),
    (0, b"\xfd7zXZ\x00", _xz),
    (0, b"\x28\xb5\x2f\xfd", _zstd),
    (257, b"ustar", _tar),
)


def _opener(data: bytes) -> Callable[[bytes], Members] | None:
    for offset, magic, opener in _OPENERS:
        if data.startswith(magic, offset):
            return opener
    return None
