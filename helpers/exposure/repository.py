"""A repository in any form: bare, shallow, partial, SHA-256, a linked worktree, a submodule.

A folder in no repository is one without a history.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.core.errors import CollectionError, UsageError
from helpers.system.git import git, git_command, git_ok

__all__ = ["Repository", "nested_repositories", "open_repository"]

_PROPERTIES: Final = (
    "--absolute-git-dir",
    "--git-common-dir",
    "--is-bare-repository",
    "--is-shallow-repository",
    "--show-object-format",
)


@dataclass(frozen=True)
class Repository:
    """A repository or a folder.

    `tree` is the working tree (None for a bare repository), `git_dir` and `common` are git's
    folders (None outside git).
    """

    name: str  # its path below the scanned repository; empty for that one
    tree: Path | None
    git_dir: Path | None
    common: Path | None
    shallow: bool = False
    partial: bool = False
    algorithm: str = "sha1"  # the hash that names objects
    options: tuple[str, ...] = ()  # of git itself, placed before the command

    @property
    def place(self) -> Path:
        """The folder in which git commands run."""
        place = self.tree or self.git_dir
        if place is None:  # pragma: no cover (open_repository sets one of the two)
            raise CollectionError("There is no folder to run git in.", "Name a folder.")
        return place

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run a git command here and return its output. Raises CollectionError."""
        return git(self.place, *self.options, *arguments, stdin=stdin)

    def has_head(self) -> bool:
        """Return whether a commit is checked out; in a new repository none is."""
        arguments = ("rev-parse", "-q", "--verify", "HEAD^{commit}")
        return git_ok(self.place, *self.options, *arguments)

    def command(self, *arguments: str) -> list[str]:
        """Return the command line, for callers that stream the output."""
        return git_command(self.place, *self.options, *arguments)


def _open_module(git_dir: Path, name: str) -> Repository:
    """Open a submodule that is not checked out but still has its git folder here."""
    return _open(git_dir, name, ("--git-dir=.", "--work-tree=."))


def open_repository(path: Path, name: str = "") -> Repository:
    """Open the repository at a path. Raises UsageError if there is no such folder.

    A folder outside git is opened as a repository without a history.
    """
    if not path.is_dir():
        raise UsageError(f"There is no folder {path}.", "Name a repository or a folder.")
    return _open(path, name, ())


def _open(path: Path, name: str, options: tuple[str, ...]) -> Repository:
    try:
        lines = git(path, *options, "rev-parse", *_PROPERTIES).split(b"\n")
    except CollectionError as error:
        if "not a git repository" not in error.message:
            raise
        return Repository(name=name, tree=path.resolve(), git_dir=None, common=None)
    git_dir, common, bare, shallow, algorithm = (os.fsdecode(line) for line in lines[:5])
    return Repository(
        name=name,
        tree=None if bare == "true" or options else _top(path),
        git_dir=Path(git_dir),
        common=(path / common).resolve(),
        shallow=shallow == "true",
        partial=_is_partial((path / common).resolve()),
        algorithm=algorithm,
        options=options,
    )


def _top(path: Path) -> Path | None:
    try:
        top = git(path, "rev-parse", "--show-toplevel")
    except CollectionError:  # inside a git folder: there are objects but no files
        return None
    return Path(os.fsdecode(top.rstrip(b"\n")))


def _is_partial(common: Path) -> bool:
    """Return whether a clone left objects at its remote (a promisor pack shows it)."""
    return any((common / "objects" / "pack").glob("*.promisor"))


def nested_repositories(
    repository: Repository, nested: Iterable[Path]
) -> Iterator[tuple[str, Repository | str]]:
    """Yield the repositories that belong to this one by name, or why one can't be read.

    These are nested clones, submodules (checked out or not) and linked worktrees.
    """
    top = repository.place
    for folder in nested:
        yield _opened(repository, folder, os.path.relpath(folder, top), open_repository)
    if repository.common is None:
        return
    for folder in _modules(repository.common / "modules"):
        name = os.path.relpath(folder, repository.common / "modules")
        yield _opened(repository, folder, name, _open_module)
    if repository.name:  # the scanned repository lists all linked worktrees
        return
    for folder in _worktrees(repository):
        yield _opened(repository, folder, os.path.relpath(folder, top), open_repository)


def _opened(
    repository: Repository, folder: Path, name: str, open_it: Callable[[Path, str], Repository]
) -> tuple[str, Repository | str]:
    name = f"{repository.name}/{name}" if repository.name else name
    try:
        return name, open_it(folder, name)
    except CollectionError as error:
        return name, error.message


def _modules(folder: Path) -> Iterator[Path]:
    """Yield the git folders of submodules; a submodule's name may contain slashes."""
    for root, folders, files in os.walk(folder):
        if "HEAD" in files and "objects" in folders:
            yield Path(root)
            folders[:] = [name for name in folders if name == "modules"]
        folders.sort()


def _worktrees(repository: Repository) -> list[Path]:
    listed = repository.git("worktree", "list", "--porcelain", "-z").split(b"\0")
    paths = [Path(os.fsdecode(line[9:])) for line in listed if line.startswith(b"worktree ")]
    return [path for path in paths if path.is_dir() and path != repository.place]
