"""Read the releases that a lockfile or a bill of materials names.

A reader yields pins and raises ValueError where it does not understand the file; what it yielded
before counts. So a damaged file is never taken for one without bad releases.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

from helpers.dependencies.records import Ecosystem, PackagePin
from helpers.dependencies.text_lockfiles import gemfile, pnpm, requirements, yarn

__all__ = ["LARGEST_LOCKFILE", "LockfilePins", "is_lockfile", "read_lockfile"]

LARGEST_LOCKFILE: Final = 32 << 20  # bytes
_LARGEST_TOML: Final = 8 << 20  # bytes; the standard library's reader is slow
_MOST_PINS: Final = 500_000
_TARBALL: Final = re.compile(r"/-/[^/]+?-(\d[^/?#]*)\.tgz(?:[?#]|$)")
# a string, a comment, or a comma that JSON does not allow
_JSONC: Final = re.compile(
    r'("(?:\\.|[^"\\])*+"?)|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|,(?=\s*+[}\]])', re.DOTALL
)
_PURL: Final = re.compile(r"pkg:[A-Za-z]+/[^\s\"'<>?#]+")
_PURL_KEYS: Final = frozenset(
    {"purl", "referenceLocator", "packageUrl", "software_packageUrl", "identifier"}
)
_PURL_TYPES: Final = {
    "npm": Ecosystem.NPM,
    "pypi": Ecosystem.PYPI,
    "composer": Ecosystem.PACKAGIST,
    "gem": Ecosystem.RUBYGEMS,
    "maven": Ecosystem.MAVEN,
    "golang": Ecosystem.GO,
}


@dataclass(frozen=True)
class LockfilePins:
    """The pins of a file, each once; `problem` says why there may be more."""

    pins: tuple[PackagePin, ...]
    problem: str = ""


def is_lockfile(path: str) -> bool:
    """Return whether the file at a path is read, by its name."""
    return _reader(path) is not None


def read_lockfile(path: str, data: bytes) -> LockfilePins:
    """Read a file by its name. Never raises: `problem` says what was not understood."""
    reader = _reader(path)
    if reader is None:
        return LockfilePins((), "no format is known for this name")
    if len(data) > LARGEST_LOCKFILE:
        return LockfilePins((), f"larger than {LARGEST_LOCKFILE >> 20} MiB")
    pins: dict[PackagePin, None] = {}
    try:
        found = reader(data.decode("utf-8-sig")) if reader is not _binary else _binary("")
        pins.update((pin, None) for pin in islice(found, _MOST_PINS))
        problem = "more releases than are read" if len(pins) == _MOST_PINS else ""
    except UnicodeDecodeError:
        problem = "not UTF-8 text"
    except RecursionError:
        problem = "nested too deeply"
    except ValueError as error:
        problem = f"not understood: {error}"
    return LockfilePins(tuple(pins), problem)


def _reader(path: str) -> Callable[[str], Iterator[PackagePin]] | None:
    name = path.rpartition("/")[2].lower()
    return next((reader for pattern, reader in _READERS if fnmatch(name, pattern)), None)


def _binary(_: str) -> Iterator[PackagePin]:
    raise ValueError("a binary format; write bun.lock with `bun install --save-text-lockfile`")


def _npm(text: str) -> Iterator[PackagePin]:
    """Read package-lock.json, versions 1 to 3: `packages` by path, `dependencies` nested."""
    top = _table(json.loads(text), "the file")
    if not {"packages", "dependencies", "lockfileVersion"} & top.keys():
        raise ValueError("neither packages nor lockfileVersion")
    for path, value in _table(top.get("packages", {}), "packages").items():
        entry = _table(value, "a package")
        if "node_modules/" in path and not entry.get("link"):
            name = _text(entry.get("name")) or path.rpartition("node_modules/")[2]
            yield from _npm_pin(name, entry)
    nested = [top.get("dependencies", {})]
    while nested:
        for name, value in _table(nested.pop(), "dependencies").items():
            entry = _table(value, "a dependency")
            yield from _npm_pin(name, entry)
            nested.append(entry.get("dependencies", {}))


def _npm_pin(name: str, entry: dict[str, Any]) -> Iterator[PackagePin]:
    version, resolved = _text(entry.get("version")), _text(entry.get("resolved"))
    if version.startswith("npm:"):  # an alias names the package behind it
        name, _, version = version.removeprefix("npm:").rpartition("@")
    tarball = _TARBALL.search(version) or (None if version else _TARBALL.search(resolved))
    if tarball:
        version = tarball[1]
    if version:
        yield PackagePin(Ecosystem.NPM, name, version)


def _bun(text: str) -> Iterator[PackagePin]:
    top = _table(json.loads(_JSONC.sub(lambda match: match[1] or "", text)), "the file")
    for value in _table(top.get("packages"), "packages").values():
        if not isinstance(value, list) or not value or not isinstance(value[0], str):
            raise ValueError("a package without its name and version")
        name, _, version = value[0].rpartition("@")
        yield PackagePin(Ecosystem.NPM, name, version)


def _composer(text: str) -> Iterator[PackagePin]:
    """Read composer.lock, and vendor/composer/installed.json, which once was a list."""
    top = json.loads(text)
    lists = [top] if isinstance(top, list) else _composer_lists(_table(top, "the file"))
    for value in (value for one in lists for value in _list(one or [], "packages")):
        entry = _table(value, "a package")
        sources = (entry.get("source") or {}, entry.get("dist") or {})
        commits = (_text(_table(one, "a source").get("reference")) for one in sources)
        references = tuple(dict.fromkeys(filter(None, commits)))
        name = _required(entry, "name").lower()
        yield PackagePin(Ecosystem.PACKAGIST, name, _required(entry, "version"), references)


def _composer_lists(top: dict[str, Any]) -> list[Any]:
    if "packages" not in top:
        raise ValueError("no packages")
    return [top["packages"], top.get("packages-dev")]


def _pipfile(text: str) -> Iterator[PackagePin]:
    top = _table(json.loads(text), "the file")
    if "_meta" not in top and "default" not in top:
        raise ValueError("neither _meta nor default")
    for group in (value for key, value in top.items() if key != "_meta"):
        for name, value in _table(group, "a group").items():
            version = _text(_table(value, "a package").get("version"))
            if version:
                yield PackagePin(Ecosystem.PYPI, name, version.lstrip("= "))


def _toml(text: str) -> Iterator[PackagePin]:
    """Read uv.lock, poetry.lock, pdm.lock (`package`) and pylock.toml (`packages`)."""
    if len(text) > _LARGEST_TOML:
        raise ValueError(f"larger than {_LARGEST_TOML >> 20} MiB")
    top = tomllib.loads(text)
    if not top:
        raise ValueError("the file is empty")
    for value in _list(top.get("package", top.get("packages", [])), "packages"):
        entry = _table(value, "a package")
        source = entry.get("source")
        own = isinstance(source, dict) and bool({"editable", "virtual"} & source.keys())
        if "version" in entry and not own:
            yield PackagePin(Ecosystem.PYPI, _required(entry, "name"), _required(entry, "version"))


def _sbom(text: str) -> Iterator[PackagePin]:
    """Read the package URLs of CycloneDX or SPDX JSON, wherever they are nested."""
    top = _table(json.loads(text), "the file")
    if not {"bomFormat", "spdxVersion", "@context", "components", "packages"} & top.keys():
        raise ValueError("neither CycloneDX nor SPDX")
    for purl in _purls(top):
        yield from _purl_pin(purl)


def _purls(top: Any) -> Iterator[str]:
    waiting = [top]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from (v for k, v in one.items() if k in _PURL_KEYS and isinstance(v, str))
        inner: Iterable[Any] = one.values() if isinstance(one, dict) else one
        waiting += [value for value in inner if isinstance(value, dict | list)]


def _sbom_text(text: str) -> Iterator[PackagePin]:
    """Read every package URL of an SBOM in XML, RDF or tag-value form."""
    purls = _PURL.findall(text)
    if not purls:
        raise ValueError("it names no package URL")
    for purl in purls:
        yield from _purl_pin(purl)


def _purl_pin(purl: str) -> Iterator[PackagePin]:
    kind, _, rest = re.split(r"[?#]", purl)[0].removeprefix("pkg:").lstrip("/").partition("/")
    ecosystem = _PURL_TYPES.get(kind.lower())
    path, _, version = rest.rpartition("@")
    if not ecosystem or not path:
        return
    name = unquote(path)
    if ecosystem is Ecosystem.MAVEN:
        name = name.replace("/", ":")
    yield PackagePin(ecosystem, name, unquote(version))


def _table(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")  # noqa: TRY004 (a wrong file, not a bug)
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{what} is not a list")  # noqa: TRY004 (a wrong file, not a bug)
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _required(entry: dict[str, Any], key: str) -> str:
    if not _text(entry.get(key)):
        raise ValueError(f"a package without {key}")
    return _text(entry[key])


_READERS: Final[tuple[tuple[str, Callable[[str], Iterator[PackagePin]]], ...]] = (
    ("package-lock.json", _npm),
    (".package-lock.json", _npm),
    ("npm-shrinkwrap.json", _npm),
    ("yarn.lock", yarn),
    ("pnpm-lock.yaml", pnpm),
    ("bun.lock", _bun),
    ("bun.lockb", _binary),
    ("composer.lock", _composer),
    ("installed.json", _composer),
    ("requirements*.txt", requirements),
    ("constraints*.txt", requirements),
    ("requirements*.lock", requirements),
    ("uv.lock", _toml),
    ("poetry.lock", _toml),
    ("pdm.lock", _toml),
    ("pylock.toml", _toml),
    ("pylock.*.toml", _toml),
    ("pipfile.lock", _pipfile),
    ("gemfile.lock", gemfile),
    ("gems.locked", gemfile),
    ("bom.json", _sbom),
    ("*.cdx.json", _sbom),
    ("*.spdx.json", _sbom),
    ("sbom*.json", _sbom),
    ("bom.xml", _sbom_text),
    ("*.cdx.xml", _sbom_text),
    ("*.spdx", _sbom_text),
)
