"""Where a file of a repository comes from: does git track it, and does its default branch hold it?

A file that came with a repository was written by whoever could push there. So it is trusted less
than what the operator keeps on the machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from helpers.core.errors import CollectionError
from helpers.system.git import find_repository

__all__ = ["is_tracked", "text_on_default_branch"]

_DEFAULT_BRANCHES: Final = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)


def is_tracked(path: Path) -> bool:
    """Return whether git tracks a file. Where git can't say, it counts as tracked."""
    try:
        repository = find_repository(path.parent)
        if repository is None or repository.folders.tree is None:
            return False
        name = path.parent.resolve() / path.name
        return bool(repository.output("ls-files", "-z", "--", f":(literal){name}"))
    except CollectionError:
        return True


def text_on_default_branch(path: Path) -> str | None:
    """Return a file's text on the default branch: empty if it has none, None if git can't say."""
    try:
        repository = find_repository(path.parent)
        if repository is None or repository.folders.tree is None:
            return None
        name = path.resolve().relative_to(repository.folders.tree)
        for branch in _DEFAULT_BRANCHES:
            if repository.ok("rev-parse", "-q", "--verify", f"{branch}^{{commit}}"):
                shown = repository.output("ls-tree", "-z", branch, "--", f":(literal){name}")
                if not shown:
                    return ""
                content = repository.output("cat-file", "blob", f"{branch}:{name.as_posix()}")
                return content.decode("utf-8", "replace")
    except (CollectionError, ValueError):
        return None
    return None
