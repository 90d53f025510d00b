"""Calls to Intercom in any other source, by URL and by the method's name on the same line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from helpers.intercom.records import Sure
from helpers.usage.found import Found, Nearby, host_path

__all__ = ["find"]

_METHOD: Final = re.compile(r"\b(get|post|put|patch|delete)\b", re.IGNORECASE)


def find(source: str, nearby: Nearby) -> Iterator[Found]:  # noqa: ARG001 (as the others)
    """Every URL of Intercom's in a source; the method is guessed from the lines near it."""
    lines = source.splitlines()
    for number, line in enumerate(lines, 1):
        path = host_path(line)
        if not path:
            continue
        near = _METHOD.search(line) or _METHOD.search("\n".join(lines[max(0, number - 3) : number]))
        curl = "GET" if "curl" in line else ""
        yield Found(near[1].upper() if near else curl, path, number, Sure.LIKELY, "URL")
