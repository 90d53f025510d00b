"""Find the endpoint of a path: a tree of its segments, a fixed word before a placeholder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from helpers.sandbox.api import Endpoint

__all__ = ["Router"]

_PLACEHOLDER = "{}"


class Router:
    """All endpoints, found by method and path."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._tree: dict[str, Any] = {}
        for endpoint in endpoints:
            node = self._tree
            for part in _parts(endpoint.path):
                node = node.setdefault(_PLACEHOLDER if part.startswith("{") else part, {})
            node[f" {endpoint.method}"] = endpoint  # a space: no segment looks like it

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        """The endpoint and what its placeholders stand for."""
        parts = _parts(path)
        endpoint = _walk(self._tree, parts, f" {method}")
        if endpoint is None:
            return None
        named = zip(_parts(endpoint.path), parts, strict=True)
        return endpoint, {name[1:-1]: part for name, part in named if name.startswith("{")}


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")


def _walk(node: dict[str, Any], parts: Sequence[str], leaf: str) -> Endpoint | None:
    if not parts:
        found: Endpoint | None = node.get(leaf)
        return found
    for step in (parts[0], _PLACEHOLDER):
        found = _walk(node[step], parts[1:], leaf) if step in node else None
        if found:
            return found
    return None
