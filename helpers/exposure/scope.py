"""Which objects a scan looks at: all, those since a revision, or those that are staged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from helpers.core.errors import CollectionError, UsageError
from helpers.exposure.objects import StoredObject, list_objects, named_objects
from helpers.exposure.repository import Repository

__all__ = ["Scope", "index_paths", "stored"]

_STAGED: Final = re.compile(rb":\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*\0([^\0]*)\0")
_ENTRY: Final = re.compile(rb"(\d{6}) ([0-9a-f]+) \d\t([^\0]*)\0")
_SUBMODULE: Final = b"160000"
_GONE: Final = b"000000"


@dataclass(frozen=True)
class Scope:
    """`since` leaves out what that revision reaches; `staged` takes the index's changes alone."""

    since: str = ""
    staged: bool = False

    @property
    def whole(self) -> bool:
        """True where nothing is left out."""
        return not self.since and not self.staged


def stored(repository: Repository, scope: Scope) -> Iterable[StoredObject]:
    """The objects of a scope. Raises UsageError for a revision that is not there."""
    if scope.staged:
        return named_objects(repository, dict(index_paths(repository, scope)))
    if scope.since:
        return named_objects(repository, _since(repository, scope.since))
    return list_objects(repository)


def index_paths(repository: Repository, scope: Scope) -> Iterator[tuple[str, str]]:
    """The blobs of the index, each with its path; those that differ from HEAD, if staged."""
    if repository.tree is None or repository.git_dir is None:
        return
    if scope.staged and repository.has_head():
        arguments = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "HEAD", "--")
        listed, pattern = repository.git(*arguments), _STAGED
    else:
        listed, pattern = repository.git("ls-files", "-s", "-z"), _ENTRY
    for match in pattern.finditer(listed):
        if match[1] not in (_SUBMODULE, _GONE):
            yield match[2].decode(), match[3].decode("utf-8", "surrogateescape")


def _since(repository: Repository, revision: str) -> Iterator[str]:
    asked = ("rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    try:
        commit = repository.git(*asked).decode().strip()
    except CollectionError:
        raise UsageError(
            f"There is no revision {revision!r} in {repository.place.name}.",
            "Name a commit, a tag or a branch with --since.",
        ) from None
    listed = repository.git("rev-list", "--objects", "--no-object-names", "--all", f"^{commit}")
    return iter(dict.fromkeys(listed.decode().split()))
