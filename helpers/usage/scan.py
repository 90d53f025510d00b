"""The scopes that a code base uses, by reading its sources."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from helpers.intercom.records import Use
from helpers.usage import python, text
from helpers.usage.found import Found, Nearby, talks, uses_of

__all__ = ["find_in", "scan"]

Finder = Callable[[str, Nearby], Iterable[Found]]
_LARGEST: Final = 1_000_000  # bytes; a larger source is generated
_SKIPPED: Final = frozenset(
    {".git", "node_modules", ".venv", "venv", "__pycache__", "dist", "build", "vendor", "target"}
)
_SCRIPTS: Final = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"})
_OTHERS: Final = frozenset(
    {".rb", ".php", ".go", ".java", ".kt", ".cs", ".rs", ".sh", ".bash", ".ex", ".exs", ".scala"}
    | {".pl", ".swift", ".vue", ".svelte", ".yml", ".yaml", ".tf", ".http"}
)


def scan(folder: Path) -> tuple[Use, ...]:
    """Every use in the sources below a folder, by file and line."""
    sources = tuple(_sources(folder))
    talking: dict[Path, Nearby] = {}
    for path in sources:
        own = talks(_text(path))
        talking[path.parent] = talking.get(path.parent, Nearby()) | own
    return tuple(use for path in sources for use in _file(path, folder, talking))


def find_in(source: str, name: str, nearby: Nearby = Nearby()) -> tuple[Use, ...]:  # noqa: B008
    """Every use in one source; its name says in which language it is."""
    finder = _finder(Path(name).suffix.lower())
    mentioned = "intercom" in source.lower()
    if finder is None or not (mentioned or nearby.host or nearby.sdk):
        return ()
    return tuple(uses_of(finder(source, nearby), name))


def _file(path: Path, folder: Path, talking: Mapping[Path, Nearby]) -> tuple[Use, ...]:
    """A file in the light of its own folder and the one above."""
    nothing = Nearby()
    nearby = talking.get(path.parent, nothing) | talking.get(path.parent.parent, nothing)
    return find_in(_text(path), path.relative_to(folder).as_posix(), nearby)


def _text(path: Path) -> str:
    """A source; "" for one that can't be read, is not text, or is too large for a hand's work."""
    try:
        return path.read_text("utf-8") if path.stat().st_size <= _LARGEST else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _finder(suffix: str) -> Finder | None:
    if suffix in (".py", ".pyi"):
        return python.find
    if suffix in _SCRIPTS:
        from helpers.usage import javascript

        return javascript.finder(suffix)
    return text.find if suffix in _OTHERS else None


def _sources(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED)
        for name in sorted(names):
            if _finder(Path(name).suffix.lower()):
                yield Path(parent, name)
