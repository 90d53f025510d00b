"""Which sources of a code base a source imports: a module that calls Intercom through another."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from posixpath import normpath
from typing import Final

__all__ = ["imported", "module_of"]

_FROM: Final = re.compile(
    r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+\(?([\w, \t]*)", re.MULTILINE
)
_IMPORT: Final = re.compile(r"^[ \t]*import[ \t]+([\w., \t]+)", re.MULTILINE)
_SCRIPT: Final = re.compile(r"""(?:\bfrom|\brequire\(|\bimport\(?)\s*['"](\.{1,2}/[^'"\n]+)['"]""")
_SCRIPT_SUFFIX: Final = re.compile(r"\.[cm]?[jt]sx?$")


def module_of(path: Path) -> str:
    """The name that a source is imported by: its path without suffix, `__init__` and `index`."""
    plain = path.with_suffix("")
    return (plain.parent if plain.name in ("__init__", "index") else plain).as_posix()


def imported(source: str, path: Path, modules: Collection[str]) -> Iterator[str]:
    """The modules among `modules` that a source imports; `path` is its own, all from one folder."""
    candidates = _python(source, path) if path.suffix == ".py" else _script(source, path)
    yield from (name for name in candidates if name in modules)


def _python(source: str, path: Path) -> Iterator[str]:
    """An absolute name may begin in any folder above, as sources lie in `src` and the like."""
    above = path.parents
    for dots, module, names in _FROM.findall(source):
        bases = above[len(dots) - 1 : len(dots)] if dots else above
        for name in ("", *_names(names)):
            yield from (_joined(base, f"{module}.{name}") for base in bases)
    for names in _IMPORT.findall(source):
        yield from (_joined(base, name) for name in _names(names) for base in above)


def _names(listed: str) -> Iterator[str]:
    """The names in `one, two as three`."""
    yield from (name.split()[0] for name in listed.split(",") if name.strip())


def _joined(base: Path, module: str) -> str:
    return base.joinpath(*filter(None, module.split("."))).as_posix()


def _script(source: str, path: Path) -> Iterator[str]:
    for target in _SCRIPT.findall(source):
        plain = _SCRIPT_SUFFIX.sub("", normpath(f"{path.parent.as_posix()}/{target}"))
        yield plain.removesuffix("/index")
