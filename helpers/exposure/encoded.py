"""Text that encodes other text or bytes: notebooks, and base64 that the engine does not undo.

The engine decodes base64 on one line, when text is inside. Left to us is base64 that is wrapped
over lines (a file as `base64` prints it, strings that a program joins, a folded value), and base64
of something compressed.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["base64_blocks", "is_notebook", "notebook_cells"]

_EDGE: Final = 4096  # bytes
_RUN: Final = 40  # characters of base64 in a row; programs wrap at 60, 64 or 76
_ALPHABET: Final = bytes(range(65, 91)) + bytes(range(97, 123)) + b"0123456789+/"
# Finding a run of one letter is ten times as fast as matching a class of characters.
_LETTERS: Final = bytes(ord("A") if code in _ALPHABET else ord(" ") for code in range(256))
_IN_A_ROW: Final = b"A" * _RUN
_LINE: Final = rb"[A-Za-z0-9+/]{%d,}+" % _RUN
# Between two lines: what ends a string or a line, and what begins the next; or an escaped line end.
_JOINT: Final = rb"""(?x: (?: (?:\\r)? \\n )?
    (?: ["'`] [\x20\t,+.;&)]{0,8} )? [\x20\t\\,;]{0,8} \r? \n
    [\x20\t]{0,64} (?: (?: \# | // | \* | > ) [\x20\t]+ | [+.&] [\x20\t]* (?= ["'`] ) )? ["'`]?
    | (?:\\r)? \\n )"""
_JOINTS: Final = re.compile(_JOINT)
# A last line that goes on as a key of YAML or of an env file is no part of the block.
_WRAPPED: Final = re.compile(
    rb"(?:%b%b)+[A-Za-z0-9+/]++={0,2}(?:%b={1,2})?(?![\w:=])" % (_LINE, _JOINT, _JOINT)
)
_HAS_DIGIT: Final = re.compile(rb"\d")
_ONE_LINE: Final = re.compile(rb"[A-Za-z0-9+/]++={0,2}")
# How base64 of gzip, zip, bzip2, xz, zstd and 7z begins; and base64 of that, as Helm stores it.
_COMPRESSED: Final = tuple(
    b"H4sI UEsDB QlpoO /Td6WF KLUv/ N3q8ry SDRzSU VUVzRE UWxwb0 L1RkNl S0xVdi TjNxOH".split()
)


def is_notebook(data: bytes) -> bool:
    """Return whether this may be a notebook. Quick, and true of every notebook.

    The word stands near the end, or near the start if keys are not sorted.
    """
    return data.find(b'"nbformat"', -_EDGE) >= 0 or data.find(b'"nbformat"', 0, _EDGE) >= 0


def base64_blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each block of base64 that is wrapped or compressed: its line, and what to search.

    That is the block on one line if it encodes text, which the engine then decodes, and otherwise
    the bytes that it encodes. Never more than the block itself. Quick if there is no block.
    """
    letters = data.translate(_LETTERS)
    start = letters.find(_IN_A_ROW)
    line, counted = 1, 0
    while start >= 0:
        block = _WRAPPED.match(data, start)
        if block is None and data.startswith(_COMPRESSED, start):
            block = _ONE_LINE.match(data, start)
        if block and _HAS_DIGIT.search(block[0]):  # names and paths in a list have none, mostly
            line, counted = line + data.count(b"\n", counted, start), start
            yield line, _content(block[0])
        end = block.end() if block else letters.find(b" ", start + _RUN)
        start = letters.find(_IN_A_ROW, end) if end >= 0 else -1


def _content(block: bytes) -> bytes:
    text = _JOINTS.sub(b"", block)
    decoded = _decoded(text)
    return text if text != block and _is_text(decoded) else decoded


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decoded(text: bytes) -> bytes:
    """Decode base64; what an incomplete group of four holds is lost."""
    digits = text.rstrip(b"=")
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


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
