"""The scopes that a code base uses, by reading its sources."""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from posixpath import normpath
from typing import Final

from helpers.core.errors import UsageError
from helpers.scopes.records import Certainty, Use
from helpers.scopes.usage import python
from helpers.scopes.usage.found import FoundCall, Nearby, endpoint_path, host_path, talks, uses_of

__all__ = ["find_in", "scan"]

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


Finder = Callable[[str, Nearby], Iterable[FoundCall]]
_LARGEST: Final = 1_000_000  # bytes; a larger source is generated
_IMPORTS: Final = 2  # how far a call to Intercom is looked for behind imports
_SKIPPED: Final = frozenset(
    {".git", "node_modules", ".venv", "venv", "__pycache__", "dist", "build", "vendor", "target"}
)
_SCRIPTS: Final = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"})
_OTHERS: Final = frozenset(
    {".rb", ".php", ".go", ".java", ".kt", ".cs", ".rs", ".sh", ".bash", ".ex", ".exs", ".scala"}
    | {".pl", ".swift", ".vue", ".svelte", ".yml", ".yaml", ".tf", ".http"}
)
_NAMED_PATH: Final = re.compile(
    r"""\s*["']?(?:path|endpoint|route|resource)["']?\s*[:=]\s*["'](.+)["'],?"""
)
_VERB: Final = re.compile(r"\b(get|post|put|patch|delete)\b", re.IGNORECASE)


def scan(folder: Path) -> tuple[Use, ...]:
    """Every use in the sources below a folder, by file and line.

    Raises UsageError where there is no such folder: nothing found there would look like no use.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", "Name the repository that uses Intercom.")
    sources = tuple(_sources(folder))
    nearby = _neighbourhood(folder, sources)
    return tuple(
        use
        for path in sources
        for use in find_in(_text(path), path.relative_to(folder).as_posix(), nearby[path])
    )


def find_in(source: str, name: str, nearby: Nearby = Nearby()) -> tuple[Use, ...]:  # noqa: B008
    """Every use in one source; its name says in which language it is."""
    finder = _finder(Path(name).suffix.lower())
    mentioned = "intercom" in source.lower()
    if finder is None or not (mentioned or nearby.host or nearby.sdk):
        return ()
    return tuple(uses_of(finder(source, nearby), name))


def _neighbourhood(folder: Path, sources: tuple[Path, ...]) -> Mapping[Path, Nearby]:
    """What a source's own folder, the one above, and the modules behind its imports do."""
    modules = {module_of(path.relative_to(folder)): path for path in sources}
    talking: dict[Path, Nearby] = defaultdict(Nearby)
    through: dict[Path, tuple[Path, ...]] = {}
    for path in sources:
        text = _text(path)
        talking[path] = talks(text)
        talking[path.parent] |= talking[path]
        names = imported(text, path.relative_to(folder), modules)
        through[path] = tuple({modules[name] for name in names})
    for _ in range(_IMPORTS):
        talking |= {path: _any(talking[one] for one in (path, *through[path])) for path in sources}
    return {p: _any(talking[one] for one in (p, p.parent, p.parent.parent)) for p in sources}


def _any(many: Iterable[Nearby]) -> Nearby:
    return reduce(or_, many)


def _text(path: Path) -> str:
    """A source; "" for one that can't be read, is not text, or is probably generated.

    A link is not followed: it may lead out of the repository, or to a device without an end.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:  # noqa: PTH123 (by descriptor)
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            content = stream.read(_LARGEST + 1) if regular else b""
        return content.decode("utf-8").replace("\r\n", "\n") if len(content) <= _LARGEST else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _finder(suffix: str) -> Finder | None:
    if suffix in (".py", ".pyi"):
        return _find_in_python
    if suffix in _SCRIPTS:
        from helpers.scopes.usage import javascript

        return javascript.finder(suffix)
    return _find_in_lines if suffix in _OTHERS else None


def _sources(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED)
        for name in sorted(names):
            if _finder(Path(name).suffix.lower()):
                yield Path(parent, name)


def _find_in_python(source: str, nearby: Nearby) -> Iterator[FoundCall]:
    """Every call in a Python source; line by line where its parser gives up, so none is hidden."""
    try:
        yield from python.find(source, nearby)
    except (RecursionError, MemoryError):
        yield from _find_in_lines(source, nearby)


def _find_in_lines(source: str, nearby: Nearby) -> Iterator[FoundCall]:  # noqa: ARG001 (as the others)
    """Every URL of Intercom's in a source; the method is guessed from the lines near it.

    Where the source names Intercom's host, a line such as `path: "tags"` counts too.
    """
    lines = source.splitlines()
    host = talks(source).host
    for number, line in enumerate(lines, 1):
        path = host_path(line)
        named = _NAMED_PATH.fullmatch(line) if host and path is None else None
        if named:
            yield FoundCall("", endpoint_path(named[1]), number, Certainty.POSSIBLE, "a named path")
        if not path:
            continue
        near = _VERB.search(line) or _VERB.search("\n".join(lines[max(0, number - 3) : number]))
        curl = "GET" if "curl" in line else ""
        yield FoundCall(near[1].upper() if near else curl, path, number, Certainty.LIKELY, "URL")
