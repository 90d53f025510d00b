"""Where a repository's folders are, found without running git and without leaving the repository.

A `.git` file, a symbolic link, a `commondir` file or a worktree's entry may name any folder of this
machine. It is followed only if that folder is inside, or points back and so belongs together: git
writes both ends of a linked worktree and of a submodule, and who delivers a repository can write
only one of them. Alternates (objects that another repository lends) are never followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from helpers.core.errors import CollectionError

__all__ = [
    "GitFolders",
    "OutsideError",
    "find_folders",
    "folders_at",
    "linked_worktrees",
    "read_small",
]

_LONGEST_POINTER: Final = 8 << 10  # bytes of a `.git` file, of HEAD, of `commondir`
_LARGEST_CONFIG: Final = 1 << 20
_MARK: Final = b"gitdir: "
_ADVICE: Final = "If that is right, set GIT_DIR to the git folder and GIT_WORK_TREE to the files."


class OutsideError(CollectionError):
    """The repository points to a folder outside that does not point back."""


@dataclass(frozen=True)
class GitFolders:
    """The working tree (None for a bare repository), its git folder, and the one with the objects.

    The last two differ in a linked worktree only.
    """

    tree: Path | None
    git_dir: Path
    common: Path

    def holds(self, path: Path) -> bool:
        """Return whether a path, with its links resolved, is in git's own folders."""
        real = path.resolve()
        return any(real.is_relative_to(own) for own in (self.git_dir, self.common))


ReadConfig = Callable[[bytes, str], str]


def find_folders(folder: Path, read_config: ReadConfig) -> GitFolders | None:
    """Find the repository that a folder is in, the way git does; None if it is in none.

    Raises OutsideError where it points outside, CollectionError where it is not readable.
    """
    folder = folder.resolve()
    for here in (folder, *folder.parents):
        found = _below(here, read_config) or _bare(here)
        if found:
            return found
    return None


def folders_at(git_dir: Path, tree: Path | None = None) -> GitFolders:
    """Open a git folder that is named itself. Raises CollectionError where it is none."""
    common = _common(git_dir.resolve())
    if not _is_git_folder(git_dir.resolve(), common):
        raise CollectionError(f"{git_dir} is not a git folder.", "Check GIT_DIR.")
    return GitFolders(tree.resolve() if tree else None, git_dir.resolve(), common)


def _below(here: Path, read_config: ReadConfig) -> GitFolders | None:
    """Open the repository whose working tree this folder is."""
    entry = here / ".git"
    if not os.path.lexists(entry):
        return None
    git_dir = _pointed_to(entry) if entry.is_file() else entry.resolve()
    if not _is_git_folder(git_dir, git_dir) and not (git_dir / "commondir").is_file():
        if entry.is_dir() and not entry.is_symlink():
            return None  # a folder of that name; git goes on searching above
        raise CollectionError(f"{entry} names no git folder.", "Repair or remove it.")
    _require_mutual(entry, git_dir, read_config)
    return replace(folders_at(git_dir), tree=here)


def _bare(here: Path) -> GitFolders | None:
    return GitFolders(None, here, _common(here)) if _is_git_folder(here, here) else None


def _pointed_to(entry: Path) -> Path:
    content = read_small(entry, _LONGEST_POINTER)
    if not content.startswith(_MARK):
        raise CollectionError(f"{entry} is not a git folder.", "Repair or remove it.")
    return (entry.parent / os.fsdecode(content[len(_MARK) :].rstrip(b"\r\n"))).resolve()


def _is_git_folder(git_dir: Path, common: Path) -> bool:
    head = os.path.lexists(git_dir / "HEAD")
    return head and (common / "objects").is_dir() and (common / "refs").is_dir()


def _common(git_dir: Path) -> Path:
    """The folder with the objects. A linked worktree is an entry in it, so that can be verified."""
    named = git_dir / "commondir"
    if not os.path.lexists(named):
        return git_dir
    path = os.fsdecode(read_small(named, _LONGEST_POINTER).rstrip(b"\r\n"))
    common = (git_dir / path).resolve()
    if common not in (git_dir, *git_dir.parents[1:2]):
        raise OutsideError(f"{named} points outside, to {common}.", "Repair or remove it.")
    return common


def _require_mutual(entry: Path, git_dir: Path, read_config: ReadConfig) -> None:
    """Raise OutsideError unless the git folder is inside the working tree or points back to it."""
    here = entry.parent
    if git_dir.is_relative_to(here) or _names(git_dir / "gitdir", entry, git_dir):
        return
    config = read_small(git_dir / "config", _LARGEST_CONFIG)
    named = read_config(config, "core.worktree")
    if named and (git_dir / named).resolve() == here:
        return
    raise OutsideError(f"{entry} points outside, to {git_dir}, which does not point back.", _ADVICE)


def _names(pointer: Path, entry: Path, base: Path) -> bool:
    named = os.fsdecode(read_small(pointer, _LONGEST_POINTER).rstrip(b"\r\n"))
    return bool(named) and base / named == entry


def linked_worktrees(folders: GitFolders) -> Iterator[tuple[str, Path | str]]:
    """Yield the linked worktrees by name: the folder, or why it is not followed.

    A worktree whose folder is gone is left out, as git leaves it out.
    """
    every = folders.common / "worktrees"
    for entry in sorted(every.iterdir()) if every.is_dir() else ():
        named = os.fsdecode(read_small(entry / "gitdir", _LONGEST_POINTER).rstrip(b"\r\n"))
        pointer = entry / named
        if not named or not pointer.parent.is_dir():
            continue
        if _back_pointer(pointer) == entry.resolve():
            yield entry.name, pointer.parent.resolve()
        else:
            why = f"the worktree is outside, at {pointer.parent}, which does not point back"
            yield entry.name, why


def _back_pointer(entry: Path) -> Path | None:
    if entry.is_symlink() or not entry.is_file():
        return None
    try:
        return _pointed_to(entry)
    except CollectionError:
        return None


def read_small(path: Path, most: int) -> bytes:
    """Read a file of git's, without following a link; empty if there is none.

    Raises CollectionError where it is no regular file, too large or not readable.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise CollectionError(f"{path} can't be read: {error.strerror}.", "Check it.") from None
    with open(descriptor, "rb") as stream:  # noqa: PTH123 (by descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise CollectionError(f"{path} is not a regular file.", "Repair or remove it.")
        content = stream.read(most + 1)
    if len(content) > most:
        raise CollectionError(f"{path} is larger than {most >> 10} KiB.", "Repair or remove it.")
    return content
