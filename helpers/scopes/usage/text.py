"""Calls to Intercom in any other source: by URL with the method's name near it, or a named path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from helpers.scopes.records import Certainty
from helpers.scopes.usage.found import FoundCall, Nearby, endpoint_path, host_path, talks

__all__ = ["find"]

_NAMED: Final = re.compile(
    r"""\s*["']?(?:path|endpoint|route|resource)["']?\s*[:=]\s*["'](.+)["'],?"""
)
_METHOD: Final = re.compile(r"\b(get|post|put|patch|delete)\b", re.IGNORECASE)


def find(source: str, nearby: Nearby) -> Iterator[FoundCall]:  # noqa: ARG001 (as the others)
    """Every URL of Intercom's in a source; the method is guessed from the lines near it.

    Where the source names Intercom's host, a line such as `path: "tags"` counts too.
    """
    lines = source.splitlines()
    host = talks(source).host
    for number, line in enumerate(lines, 1):
        path = host_path(line)
        named = _NAMED.fullmatch(line) if host and path is None else None
        if named:
            yield FoundCall("", endpoint_path(named[1]), number, Certainty.POSSIBLE, "a named path")
        if not path:
            continue
        near = _METHOD.search(line) or _METHOD.search("\n".join(lines[max(0, number - 3) : number]))
        curl = "GET" if "curl" in line else ""
        yield FoundCall(near[1].upper() if near else curl, path, number, Certainty.LIKELY, "URL")
