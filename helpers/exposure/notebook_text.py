"""The text of a notebook: its cells and outputs with the JSON escapes undone, without pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["cells"]

# JSON objects are read as lists of pairs: a key that stands there twice hides nothing.
_Pairs = list[tuple[str, Any]]


def cells(data: bytes) -> list[tuple[str, bytes]] | None:
    """Each cell's source, each output and the rest, with a name; None where it is no notebook.

    A name counts from 1, as JupyterLab does: `cell 3, output 1`.
    """
    try:
        document = json.loads(data, object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, _Object):
        return None
    return list(_named(document))


class _Object(list[tuple[str, Any]]):
    """A JSON object as it is written."""

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
    """Every string in it. Lines of a source are one text; objects keep `key: value` together."""
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
