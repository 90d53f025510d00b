"""Which objects a scan looks at: all, those since a revision, or those that are staged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from helpers.errors import CollectionError, UsageError
from helpers.exposure.lineage import Log
from helpers.exposure.objects import StoredObject, list_objects, named_objects
from helpers.exposure.repository import Repository

__all__ = ["Scope", "paths_of", "stored"]

_STAGED: Final = re.compile(rb":\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*\0([^\0]*)\0")
_ENTRY: Final = re.compile(rb"(\d{6}) ([0-9a-f]+) \d\t([^\0]*)\0")
_SUBMODULE: Final = b"160000"
_GONE: Final = b"000000"


@dataclass(frozen=True)
class Scope:
    """`since` leaves out what that revision reaches; `staged` takes the index's changes alone."""

    since: str = ""
    staged: bool = False


def stored(repository: Repository, scope: Scope) -> Iterable[StoredObject]:
    """The objects of a scope. Raises UsageError for a revision that is not there."""
    if scope.staged:
        return named_objects(repository, _staged(repository))
    if scope.since:
        return named_objects(repository, _since(repository, scope.since))
    return list_objects(repository)


def paths_of(repository: Repository, scope: Scope) -> Mapping[str, str]:
    """A path of each blob, for the rules that depend on it."""
    if scope.staged:
        return _staged(repository)
    if scope.since:
        return _since(repository, scope.since)
    with Log.of(repository, "--all") as log:
        return log.paths()


def _staged(repository: Repository) -> Mapping[str, str]:
    if repository.has_head():
        arguments = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "HEAD", "--")
        listed, pattern = repository.git(*arguments), _STAGED
    else:
        listed, pattern = repository.git("ls-files", "-s", "-z"), _ENTRY
    return {
        match[2].decode(): match[3].decode("utf-8", "surrogateescape")
        for match in pattern.finditer(listed)
        if match[1] not in (_SUBMODULE, _GONE)
    }


def _since(repository: Repository, revision: str) -> Mapping[str, str]:
    try:
        commit = repository.git(
            "rev-parse",
            "-q",
            "--verify",
            "--end-of-options",
            f"{revision}^{{commit}}",
        )
    except CollectionError:
        raise UsageError(
            f"There is no revision {revision!r} in {repository.place.name}.",
            "Name a commit, a tag or a branch with --since.",
        ) from None
    listed = repository.git("rev-list", "--objects", "--all", f"^{commit.decode().strip()}")
    lines = (line.partition(b" ") for line in listed.splitlines())
    return {oid.decode(): path.decode("utf-8", "surrogateescape") for oid, _, path in lines}
