"""Compare versions as each ecosystem does. What is not understood is None, never False."""

from __future__ import annotations

import re
from typing import Any, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from helpers.dependencies.records import Ecosystem

__all__ = ["normal_name", "normal_version", "version_key"]

_SEMVER: Final = re.compile(r"(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?(?:-([0-9A-Za-z.-]+))?")
_DOTTED: Final = re.compile(r"\d{1,18}(?:\.\d{1,18}){0,9}")


def normal_name(ecosystem: Ecosystem, name: str) -> str:
    """Return the one spelling of a name: PEP 503 for PyPI, small letters for Packagist."""
    if ecosystem is Ecosystem.PYPI:
        return canonicalize_name(name)
    return name.lower() if ecosystem is Ecosystem.PACKAGIST else name


def normal_version(ecosystem: Ecosystem, version: str) -> str:
    """Return the one spelling of a version: without `v`, and without npm's build number."""
    if ecosystem is Ecosystem.PYPI:
        try:
            return str(Version(version).public)
        except InvalidVersion:
            return version
    bare = version.strip().removeprefix("=").removeprefix("v")
    return bare.split("+")[0] if ecosystem in {Ecosystem.NPM, Ecosystem.GO} else bare


def version_key(ecosystem: Ecosystem, version: str) -> Any:
    """Return a key that orders the versions of an ecosystem, None if it is not understood."""
    version = normal_version(ecosystem, version)
    if ecosystem is Ecosystem.PYPI:
        try:
            return Version(version)
        except InvalidVersion:
            return None
    if ecosystem in {Ecosystem.NPM, Ecosystem.GO}:
        match = _SEMVER.fullmatch(version)
        return _semver(match) if match else None
    if not _DOTTED.fullmatch(version):
        return None
    parts = [int(part) for part in version.split(".")]
    return (*parts, *[0] * (10 - len(parts)))


def _semver(match: re.Match[str]) -> tuple[Any, ...]:
    """Order as semver.org section 11: a pre-release is lower, its numbers are below its words."""
    release = tuple(int(part or 0) for part in match.groups()[:3])
    if not match[4]:
        return (*release, 1, ())
    parts = match[4].split(".")
    return (*release, 0, tuple((0, int(p[:18]), "") if p.isdecimal() else (1, 0, p) for p in parts))
