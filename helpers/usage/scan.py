"""The scopes that a code base uses, by reading its sources."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from helpers.intercom.records import Use
from helpers.usage import python, text
from helpers.usage.found import Found, uses_of

__all__ = ["find_in", "scan"]

Finder = Callable[[str], Iterable[Found]]
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
    return tuple(use for path in _sources(folder) for use in _file(path, folder))


def find_in(source: str, name: str) -> tuple[Use, ...]:
    """Every use in one source; its name says in which language it is."""
    finder = _finder(Path(name).suffix.lower())
    if finder is None or "intercom" not in source.lower():
        return ()
    return tuple(uses_of(finder(source), name))


def _file(path: Path, folder: Path) -> tuple[Use, ...]:
    try:
        if path.stat().st_size > _LARGEST:
            return ()
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    return find_in(source, path.relative_to(folder).as_posix())


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
