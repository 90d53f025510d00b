"""Lockfiles in a text of their own: yarn (classic and berry), pnpm, Bundler, pip.

They are read line by line, because generated files have a fixed layout, and a YAML reader needs
minutes for a large one. A line that should name a release and does not is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from helpers.dependencies.records import Ecosystem, PackagePin

__all__ = ["gemfile", "pnpm", "requirements", "yarn"]

_CONFLICT: Final = ("<<<<<<< ", ">>>>>>> ")
_GEM: Final = re.compile(r" {4}([A-Za-z0-9_.-]+) \(([^()\s-]+)(?:-[^()\s]+)?\)$")
_PINNED: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;,#\\]+)"
)
_NAMED: Final = re.compile(r"(@[^/@\s]+/[^/@\s]+|[^/@\s]+)@(\d[^(_\s]*)(?:_.*)?$")
_SLASHED: Final = re.compile(r"(?:^|/)(@[^/@\s]+/[^/@\s]+|[^/@\s]+)/(\d[^/(_\s]*)(?:_.*)?$")
_VERSION: Final = re.compile(r' {2}version:? "?([^"\s]+)"?')
_RESOLUTION: Final = re.compile(r' {2}resolution: "?(@?[^@"]+)@')
_ELSEWHERE: Final = re.compile(r"(?:.*@)?(?:file|link|https?|git\+\w+|git|ssh|github|codeload)[:.]")


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line.startswith(_CONFLICT):
            raise ValueError("a merge conflict")
        yield line.removesuffix("\r")


def yarn(text: str) -> Iterator[PackagePin]:
    """Read yarn.lock of yarn 1 and later: a line of patterns, below it the version."""
    if not text.strip():  # an empty yarn.lock marks the root of a project
        return
    if "__metadata:" not in text and "# yarn lockfile v1" not in text:
        raise ValueError("neither of the headers that yarn writes")
    for head, body in _entries(text):
        if head == "__metadata:":
            continue
        if not head.endswith(":"):
            raise ValueError(f"a line that names no package: {head[:50]!r}")
        versions = [match[1] for line in body if (match := _VERSION.fullmatch(line))]
        if not versions:
            raise ValueError(f"no version of {head[:50]!r}")
        resolved = [match[1] for line in body if (match := _RESOLUTION.match(line))]
        patterns = map(_yarn_name, head[:-1].replace('"', "").split(", "))
        for name in dict.fromkeys(resolved or patterns):
            yield PackagePin(Ecosystem.NPM, name, versions[0])


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each line that is not indented with the indented lines below it."""
    head, body = "", list[str]()
    for line in _lines(text):
        if not line or line.startswith("#"):
            continue
        if line[0].isspace():
            body.append(line)
            continue
        if head:
            yield head, body
        head, body = line, []
    if head:
        yield head, body


def _yarn_name(pattern: str) -> str:
    """Return the package of `name@range`, or the one behind `alias@npm:name@range`."""
    name, _, wanted = pattern.strip()[1:].partition("@")
    name = pattern.strip()[:1] + name
    behind = wanted.removeprefix("npm:").rpartition("@")[0] if wanted.startswith("npm:") else ""
    return behind or name


def pnpm(text: str) -> Iterator[PackagePin]:
    """Read pnpm-lock.yaml, versions 5 to 9: the keys of `packages` and `snapshots`."""
    if not re.search(r"^(?:lockfileVersion|shrinkwrapVersion):", text, re.MULTILINE):
        raise ValueError("no lockfileVersion")
    for head, body in _entries(text):
        section, _, inline = head.partition(":")
        if section not in {"packages", "snapshots"}:
            continue
        if inline.strip() not in {"", "{}"}:
            raise ValueError(f"{section} in a form that pnpm does not write")
        for key, properties in _pnpm_entries(body):
            yield from _pnpm_pin(key, properties)


def _pnpm_entries(body: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    key, properties = "", dict[str, str]()
    for line in body:
        if re.match(r" {2}[^ :]", line):
            if key:
                yield key, properties
            key, properties = _pnpm_key(line), {}
        elif match := re.fullmatch(r" {4}(name|version): '?\"?([^'\"\s]+)'?\"?", line):
            properties[match[1]] = match[2]
    if key:
        yield key, properties


def _pnpm_key(line: str) -> str:
    """Return the key of a line; a long one is written as `? key`."""
    key = line.strip().removeprefix("? ")
    key = re.sub(r": *(?:\{.*\})?$", "", key)
    return key.strip("'\"")


def _pnpm_pin(key: str, properties: dict[str, str]) -> Iterator[PackagePin]:
    if properties.keys() >= {"name", "version"}:  # not from a registry: named in full
        yield PackagePin(Ecosystem.NPM, properties["name"], properties["version"])
        return
    bare = key.split("(", maxsplit=1)[0]
    match = _NAMED.match(bare.removeprefix("/")) or _SLASHED.search(bare)
    if match:
        yield PackagePin(Ecosystem.NPM, match[1], match[2])
    elif not _ELSEWHERE.match(bare):
        raise ValueError(f"a key that names no release: {key[:50]!r}")


def gemfile(text: str) -> Iterator[PackagePin]:
    """Read Gemfile.lock: the lines below `specs:`, except those of local gems."""
    sections = list(_entries(text))
    if not any(head in {"DEPENDENCIES", "PLATFORMS"} for head, _ in sections):
        raise ValueError("none of the sections that Bundler writes")
    for head, body in sections:
        for line in body if head in {"GEM", "GIT", "PLUGIN SOURCE"} else ():
            match = _GEM.fullmatch(line)
            if match:
                yield PackagePin(Ecosystem.RUBYGEMS, match[1], match[2])
            elif re.match(r" {4}\S", line):
                raise ValueError(f"a line that names no gem: {line.strip()[:50]!r}")


def requirements(text: str) -> Iterator[PackagePin]:
    """Read the pinned lines (`name==1.0`) of a requirements or constraints file."""
    for line in _lines(text):
        match = _PINNED.match(line.strip())
        if match and "*" not in match[2]:
            yield PackagePin(Ecosystem.PYPI, match[1], match[2])
