"""A repository in any form: bare, shallow, partial, SHA-256, a linked worktree, a submodule.

A folder in no repository is one without a history.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.core.errors import CollectionError, UsageError
from helpers.system.git import GitRepository, find_repository, repository_in
from helpers.system.git_folders import GitFolders, OutsideError, folders_at, linked_worktrees

__all__ = ["Repository", "nested_repositories", "open_repository"]


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
    git_repository: GitRepository | None = field(default=None, repr=False, compare=False)
    outside: tuple[str, ...] = ()  # what in it points outside, and is not followed

    @property
    def place(self) -> Path:
        """The folder in which git commands run."""
        place = self.tree or self.git_dir
        if place is None:  # pragma: no cover (open_repository sets one of the two)
            raise CollectionError("There is no folder to run git in.", "Name a folder.")
        return place

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run a git command here and return its output. Raises CollectionError."""
        return self._git.output(*arguments, stdin=stdin)

    def git_chunks(self, *arguments: str, stdin: bytes = b"", most: int) -> Iterator[bytes]:
        """Run a git command and yield up to `most` bytes of output. Raises CollectionError."""
        return self._git.chunks(*arguments, stdin=stdin, most=most)

    def has_head(self) -> bool:
        """Return whether a commit is checked out; in a new repository none is."""
        return self._git.ok("rev-parse", "-q", "--verify", "HEAD^{commit}")

    def command(self, *arguments: str) -> list[str]:
        """Return the command line, for callers that stream the output."""
        return self._git.command(*arguments)

    @property
    def environment(self) -> Mapping[str, str]:
        """The whole environment of such a command."""
        return self._git.environment

    @property
    def _git(self) -> GitRepository:
        if self.git_repository is None:  # pragma: no cover (callers ask for `common` first)
            raise CollectionError(f"{self.place} is not in a git repository.", "Run `git init`.")
        return self.git_repository


def open_repository(
    path: Path, name: str = "", *, environ: Mapping[str, str] | None = None
) -> Repository:
    """Open the repository at a path. Raises UsageError if there is no such folder.

    A folder outside git is opened as a repository without a history, and so is one whose `.git`
    points outside. With the environment of a hook, the index is the one that is being committed.
    """
    if not path.is_dir():
        raise UsageError(f"There is no folder {path}.", "Name a repository or a folder.")
    try:
        found = find_repository(path) if environ is None else repository_in(path, environ)
    except OutsideError as error:
        return _without_history(path, name, (error.message,))
    return _opened_as(found, name) if found else _without_history(path, name)


def _open_module(git_dir: Path, name: str) -> Repository:
    """Open a submodule that is not checked out but still has its git folder here."""
    return _opened_as(GitRepository(folders_at(git_dir)), name)


def _opened_as(found: GitRepository, name: str) -> Repository:
    return Repository(
        name=name,
        tree=found.folders.tree,
        git_dir=found.folders.git_dir,
        common=found.folders.common,
        shallow=found.shallow,
        partial=_is_partial(found.folders.common),
        algorithm=found.algorithm,
        git_repository=found,
        outside=found.outside,
    )


def _without_history(path: Path, name: str, outside: tuple[str, ...] = ()) -> Repository:
    return Repository(name=name, tree=path.resolve(), git_dir=None, common=None, outside=outside)


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
    for name, found in _worktrees(repository):
        if isinstance(found, str):
            yield name, found
        elif found != repository.place:
            yield _opened(repository, found, os.path.relpath(found, top), open_repository)


def _worktrees(repository: Repository) -> Iterator[tuple[str, Path | str]]:
    """Yield the linked worktrees, and the main one where a linked one is scanned."""
    if repository.git_dir is None or repository.common is None:
        return
    folders = GitFolders(repository.tree, repository.git_dir, repository.common)
    yield from linked_worktrees(folders)
    if folders.common != folders.git_dir and folders.common.name == ".git":
        yield "main worktree", folders.common.parent


def _opened(
    repository: Repository, folder: Path, name: str, open_it: Callable[[Path, str], Repository]
) -> tuple[str, Repository | str]:
    name = f"{repository.name}/{name}" if repository.name else name
    try:
        return name, open_it(folder, name)
    except (CollectionError, UsageError) as error:
        return name, error.message
    except OSError as error:
        return name, f"it can't be read: {error.strerror}"


def _modules(folder: Path) -> Iterator[Path]:
    """Yield the git folders of submodules; a submodule's name may contain slashes."""
    for root, folders, files in os.walk(folder):
        if "HEAD" in files and "objects" in folders:
            yield Path(root)
            folders[:] = [name for name in folders if name == "modules"]
        folders.sort()
