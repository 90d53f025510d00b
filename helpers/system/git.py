"""Git, asked carefully: the repository's own configuration must not make us run anything.

Hooks, fsmonitor and pagers are off, locks are optional, the user's configuration is not read.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from helpers.core.errors import CollectionError

__all__ = ["git", "git_command", "git_environment", "git_ok", "repository_at", "top_level"]

_SAFE: Final = (
    "git",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.pager=cat",
    "-c",
    "core.quotePath=false",
    "-c",
    "log.showSignature=false",  # would run the repository's gpg.program
    "-c",
    "protocol.allow=never",  # a partial clone must not fetch what it lacks
)


def git_environment() -> Mapping[str, str]:
    """The process environment without any GIT_* variable, and without the user's configuration."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def git(repo: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """The standard output of a git command. Raises CollectionError, with git's own first line."""
    done = _run(repo, arguments, stdin)
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise CollectionError(f"git {arguments[0]} failed: {reason}", "Run it there by hand.")
    return done.stdout


def git_ok(repo: Path, *arguments: str, stdin: bytes = b"") -> bool:
    """Whether a git command that answers by its status (0 or 1) says yes."""
    done = _run(repo, arguments, stdin)
    if done.returncode not in (0, 1):
        reason = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise CollectionError(f"git {arguments[0]} failed: {reason}", "Run it there by hand.")
    return done.returncode == 0


def git_command(repo: Path, *arguments: str) -> list[str]:
    """The careful command line, for who streams; run it with `git_environment()` in `repo`."""
    return [*_SAFE, "-c", f"safe.directory={repo.resolve()}", *arguments]


def _run(
    repo: Path, arguments: tuple[str, ...], stdin: bytes
) -> subprocess.CompletedProcess[bytes]:
    command = git_command(repo, *arguments)
    try:
        return subprocess.run(  # noqa: S603 (a fixed program, arguments are ours)
            command, cwd=repo, input=stdin, capture_output=True, check=False, env=git_environment()
        )
    except FileNotFoundError:
        if not repo.is_dir():
            raise CollectionError(f"There is no folder {repo}.", "Check --repo.") from None
        raise CollectionError(
            "git is not installed.", "Install git; the runbook needs it."
        ) from None
    except OSError as error:
        raise CollectionError(
            f"git can't be run in {repo}: {error.strerror}.", "Check it."
        ) from None


def top_level(folder: Path) -> Path | None:
    """The top of the work tree that a folder is in, if it is in one."""
    try:
        answer = git(folder, "rev-parse", "--show-toplevel")
    except CollectionError:
        return None
    return Path(os.fsdecode(answer.rstrip(b"\n")))


def repository_at(folder: Path) -> Path:
    """The repository to examine. Raises CollectionError where there is none."""
    if not folder.is_dir():
        raise CollectionError(f"There is no folder {folder}.", "Check --repo.")
    top = top_level(folder)
    if top is None:
        raise CollectionError(
            f"{folder} is not in a git repository.", "Name one with --repo, or run `git init`."
        )
    return top
