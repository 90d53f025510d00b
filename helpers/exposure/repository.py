"""A repository as a scan sees it, whatever its form.

Bare, shallow, partial, SHA-256, a linked worktree, a submodule, or a folder with no git at all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.errors import CollectionError, UsageError
from helpers.git import git

__all__ = ["Repository", "open_repository"]

_ASKED: Final = (
    "--absolute-git-dir",
    "--git-common-dir",
    "--is-bare-repository",
    "--is-shallow-repository",
    "--show-object-format",
)


@dataclass(frozen=True)
class Repository:
    """`tree` is the working tree (None for a bare one), `git_dir` and `common` git's folders."""

    name: str  # below the repository that was named; empty for that one
    tree: Path | None
    git_dir: Path | None
    common: Path | None
    shallow: bool = False
    partial: bool = False
    object_format: str = "sha1"

    @property
    def place(self) -> Path:
        """Where git commands run."""
        place = self.tree or self.git_dir
        if place is None:  # pragma: no cover (open_repository sets one of the two)
            raise CollectionError("There is nothing here.", "Name a folder.")
        return place


def open_repository(path: Path, name: str = "") -> Repository:
    """The repository at a path. Raises UsageError where there is no such folder.

    A folder that is in no repository is one without history: its files are looked at.
    """
    if not path.is_dir():
        raise UsageError(f"There is no folder {path}.", "Name a repository or a folder.")
    try:
        lines = git(path, "rev-parse", *_ASKED).split(b"\n")
    except CollectionError as error:
        if "not a git repository" not in error.message:
            raise
        return Repository(name=name, tree=path.resolve(), git_dir=None, common=None)
    git_dir, common, bare, shallow, object_format = (os.fsdecode(line) for line in lines[:5])
    return Repository(
        name=name,
        tree=None if bare == "true" else _top(path),
        git_dir=Path(git_dir),
        common=(path / common).resolve(),
        shallow=shallow == "true",
        partial=_is_partial((path / common).resolve()),
        object_format=object_format,
    )


def _top(path: Path) -> Path | None:
    try:
        top = git(path, "rev-parse", "--show-toplevel")
    except CollectionError:  # inside a git folder: its objects can be read, files there are none
        return None
    return Path(os.fsdecode(top.rstrip(b"\n")))


def _is_partial(common: Path) -> bool:
    """True where a clone left objects behind at its remote (a promisor pack says so)."""
    return any((common / "objects" / "pack").glob("*.promisor"))
