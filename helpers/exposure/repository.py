"""A repository as a scan sees it, whatever its form.

Bare, shallow, partial, SHA-256, a linked worktree, a submodule, or a folder with no git at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.core.errors import CollectionError, UsageError
from helpers.system.git import git, git_command, git_ok

__all__ = ["Repository", "below", "open_module", "open_repository"]

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
    algorithm: str = "sha1"  # by which objects are named
    options: tuple[str, ...] = ()  # of git itself, before the command

    @property
    def place(self) -> Path:
        """Where git commands run."""
        place = self.tree or self.git_dir
        if place is None:  # pragma: no cover (open_repository sets one of the two)
            raise CollectionError("There is nothing here.", "Name a folder.")
        return place

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What a git command answers here. Raises CollectionError."""
        return git(self.place, *self.options, *arguments, stdin=stdin)

    def has_head(self) -> bool:
        """Whether a commit is checked out; in a new repository none is."""
        asked = ("rev-parse", "-q", "--verify", "HEAD^{commit}")
        return git_ok(self.place, *self.options, *asked)

    def command(self, *arguments: str) -> list[str]:
        """The command line, for who streams."""
        return git_command(self.place, *self.options, *arguments)


def open_module(git_dir: Path, name: str) -> Repository:
    """The repository of a submodule that is not checked out: git's folder of it is still here."""
    return _open(git_dir, name, ("--git-dir=.", "--work-tree=."))


def open_repository(path: Path, name: str = "") -> Repository:
    """The repository at a path. Raises UsageError where there is no such folder.

    A folder that is in no repository is one without history: its files are looked at.
    """
    if not path.is_dir():
        raise UsageError(f"There is no folder {path}.", "Name a repository or a folder.")
    return _open(path, name, ())


def _open(path: Path, name: str, options: tuple[str, ...]) -> Repository:
    try:
        lines = git(path, *options, "rev-parse", *_ASKED).split(b"\n")
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
    except CollectionError:  # inside a git folder: its objects can be read, files there are none
        return None
    return Path(os.fsdecode(top.rstrip(b"\n")))


def _is_partial(common: Path) -> bool:
    """True where a clone left objects behind at its remote (a promisor pack says so)."""
    return any((common / "objects" / "pack").glob("*.promisor"))


def below(repository: Repository, nested: Iterable[Path]) -> Iterator[tuple[str, Repository | str]]:
    """The repositories that belong to this one, by name; the reason where one can't be read.

    Nested clones and submodules that are checked out, submodules that are not, linked worktrees.
    """
    top = repository.place
    for folder in nested:
        yield _found(repository, folder, os.path.relpath(folder, top), open_repository)
    if repository.common is None:
        return
    for folder in _modules(repository.common / "modules"):
        name = os.path.relpath(folder, repository.common / "modules")
        yield _found(repository, folder, name, open_module)
    if repository.name:  # the named one tells of all linked worktrees
        return
    for folder in _worktrees(repository):
        yield _found(repository, folder, os.path.relpath(folder, top), open_repository)


def _found(
    repository: Repository, folder: Path, name: str, how: Callable[[Path, str], Repository]
) -> tuple[str, Repository | str]:
    name = f"{repository.name}/{name}" if repository.name else name
    try:
        return name, how(folder, name)
    except CollectionError as error:
        return name, error.message


def _modules(folder: Path) -> Iterator[Path]:
    """Git folders below git's folder of modules; a submodule's name may hold slashes."""
    for root, folders, files in os.walk(folder):
        if "HEAD" in files and "objects" in folders:
            yield Path(root)
            folders[:] = [name for name in folders if name == "modules"]
        folders.sort()


def _worktrees(repository: Repository) -> list[Path]:
    listed = repository.git("worktree", "list", "--porcelain", "-z").split(b"\0")
    paths = [Path(os.fsdecode(line[9:])) for line in listed if line.startswith(b"worktree ")]
    return [path for path in paths if path.is_dir() and path != repository.place]
