"""Git, run so that a repository can't make it run anything, reach the network or read elsewhere.

Git obeys a repository's configuration, and a delivered one may name commands in dozens of keys. So
git never sees it: commands run on a view of the repository with a configuration of our own
(`git_view`), found without git (`git_folders`), in an environment that is an allow-list. This needs
nothing of newer versions of git.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Thread, Timer
from typing import IO, Final

from helpers.core.errors import CollectionError, UsageError
from helpers.system.git_folders import GitFolders, find_folders, folders_at, read_small
from helpers.system.git_view import GitView

__all__ = [
    "GitRepository",
    "find_repository",
    "git",
    "git_ok",
    "repository_at",
    "repository_in",
    "top_level",
    "without_credentials",
]

_LONGEST_RUN: Final = 1800.0  # seconds
_MOST_OUTPUT: Final = 512 << 20  # bytes that are kept in memory
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]*)(:\d+)?")
_MOST_REASON: Final = 300  # bytes of what git says when it fails
_PIECE: Final = 1 << 20
_LARGEST_CONFIG: Final = 1 << 20
_KEPT: Final = ("TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_OURS: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # a replacement would hide the object that is stored
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}


class GitRepository:
    """A repository in which git commands run."""

    def __init__(self, folders: GitFolders, *, index: Path | None = None) -> None:
        """Open it, with another index if one is named. Raises CollectionError."""
        self.folders = folders
        self._view = GitView(folders, _read_config, index)

    @property
    def place(self) -> Path:
        """The folder in which commands run."""
        return self.folders.tree or self.folders.git_dir

    @property
    def outside(self) -> tuple[str, ...]:
        """What in the repository points outside; none of it was followed."""
        return tuple(self._view.outside)

    @property
    def algorithm(self) -> str:
        """The hash that names objects."""
        return self._view.formats.get("objectformat", "sha1")

    @property
    def shallow(self) -> bool:
        """True if the history was cut off."""
        return bool(read_small(self.folders.common / "shallow", _MOST_OUTPUT).strip())

    def setting(self, name: str) -> str:
        """A value of the repository's configuration, as data; includes are not followed."""
        return _read_config(read_small(self.folders.common / "config", _LARGEST_CONFIG), name)

    def remote(self, name: str = "origin") -> str:
        """The address of a remote without credentials, empty if there is none."""
        return without_credentials(self.setting(f"remote.{name}.url"))

    def command(self, *arguments: str) -> list[str]:
        """Return the command line, for callers that stream; it runs with `environment`."""
        return [_program(), *arguments]

    @property
    def environment(self) -> Mapping[str, str]:
        """The whole environment of a command."""
        found = {"GIT_DIR": self._view.path, "GIT_WORK_TREE": self.folders.tree}
        named = {key: str(path) for key, path in found.items() if path}
        index = self._view.index or self._view.path / "index"
        return {**_environment(self._view.path), **named, "GIT_INDEX_FILE": str(index)}

    def output(self, *arguments: str, stdin: bytes = b"", folder: Path | None = None) -> bytes:
        """The standard output of a command. Raises CollectionError, with git's own first line."""
        said = b"".join(self.chunks(*arguments, stdin=stdin, folder=folder))
        return said.replace(os.fsencode(self._view.path), b".git")  # as git names its own folder

    def ok(self, *arguments: str, stdin: bytes = b"", folder: Path | None = None) -> bool:
        """Whether a command that answers by its status (0 or 1) says yes."""
        running = self._run(arguments, stdin, folder or self.place, _MOST_OUTPUT)
        status, reason = _result(running)
        if status not in (0, 1):
            raise self._failed(arguments, reason)
        return status == 0

    def chunks(
        self,
        *arguments: str,
        stdin: bytes = b"",
        folder: Path | None = None,
        most: int | None = None,
    ) -> Iterator[bytes]:
        """Yield the output piece by piece. Raises CollectionError, also beyond `most` bytes."""
        status, reason = yield from self._run(
            arguments, stdin, folder or self.place, most or _MOST_OUTPUT
        )
        if status:
            raise self._failed(arguments, reason)

    def _run(
        self, arguments: tuple[str, ...], stdin: bytes, folder: Path, most: int
    ) -> Generator[bytes, None, tuple[int, str]]:
        """Run a command and yield its output; return its status and the first line of its error."""
        reason, total = [""], 0
        with _started(self.command(*arguments), folder, self.environment) as process:
            feeding = Thread(target=_feed, args=(process.stdin, stdin), daemon=True)
            noting = Thread(target=_note, args=(process.stderr, reason), daemon=True)
            feeding.start()
            noting.start()
            while process.stdout and (piece := process.stdout.read1(_PIECE)):  # type: ignore[attr-defined]
                total += len(piece)
                if total > most:
                    raise self._failed(arguments, f"its output exceeds {most >> 20} MiB")
                yield piece
            status = process.wait()
            noting.join()
        stopped = "it took too long, or was ended" if status < 0 else ""
        return status, reason[0] or stopped

    def _failed(self, arguments: tuple[str, ...], reason: str) -> CollectionError:
        astray = f" ({self.outside[0]}; it is not followed)" if self.outside else ""
        return CollectionError(
            f"git {arguments[0]} failed: {reason.rstrip('.')}{astray}.", "Run it by hand."
        )


def find_repository(folder: Path) -> GitRepository | None:
    """Open the repository that a folder is in, None if it is in none. Raises CollectionError."""
    if not folder.is_dir():
        raise CollectionError(f"There is no folder {folder}.", "Check --repo.")
    folders = find_folders(folder, _read_config)
    return GitRepository(folders) if folders else None


def repository_in(folder: Path, environ: Mapping[str, str]) -> GitRepository | None:
    """Open a folder's repository with the index that git hands to a hook.

    `git commit -a` and `git commit PATH` commit a temporary index, which GIT_INDEX_FILE names, and
    `git --git-dir` is passed on as GIT_DIR. Both count where they concern this folder. Raises
    UsageError where the index is not in its git folder.
    """
    folders = _named_by(environ, folder.resolve()) or find_folders(folder, _read_config)
    if folders is None:
        return None
    index = _index_named_by(environ, folders)
    return GitRepository(folders, index=index)


def _named_by(environ: Mapping[str, str], folder: Path) -> GitFolders | None:
    """The repository of GIT_DIR, if its working tree is this folder or above it."""
    git_dir = environ.get("GIT_DIR")
    tree = Path(environ.get("GIT_WORK_TREE") or ".").resolve()
    if not git_dir or not folder.is_relative_to(tree):
        return None
    return folders_at(Path(git_dir), tree)


def _index_named_by(environ: Mapping[str, str], folders: GitFolders) -> Path | None:
    named = environ.get("GIT_INDEX_FILE")
    here = Path.cwd().resolve()
    if not named or not (folders.tree and here.is_relative_to(folders.tree)):
        return None
    index = (folders.tree / named).resolve()
    if not folders.holds(index):
        raise UsageError(
            f"GIT_INDEX_FILE names {index}, which is not in {folders.git_dir}.",
            "Unset it, or keep the index in the git folder.",
        )
    return index


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """The standard output of a git command in a folder. Raises CollectionError."""
    return _required(folder).output(*arguments, stdin=stdin, folder=folder)


def git_ok(folder: Path, *arguments: str, stdin: bytes = b"") -> bool:
    """Whether a git command in a folder that answers by its status (0 or 1) says yes."""
    return _required(folder).ok(*arguments, stdin=stdin, folder=folder)


def without_credentials(address: str) -> str:
    """A remote's address without user, password, query and fragment; empty if its host is none."""
    scheme, found, rest = address.partition("://")
    place = re.split(r"[?#]", rest if found else scheme, maxsplit=1)[0]
    named, slash, path = place.partition("/")
    host = named.rpartition("@")[2]
    if found and not _HOST.fullmatch(host):
        return ""
    return f"{scheme}{found}{host}{slash}{path}" if found else f"{host}{slash}{path}"


def top_level(folder: Path) -> Path | None:
    """The top of the work tree that a folder is in, if it is in one."""
    try:
        folders = find_folders(folder, _read_config)
    except CollectionError:
        return None
    return folders.tree if folders else None


def repository_at(folder: Path) -> Path:
    """The repository to examine. Raises CollectionError where there is none."""
    top = _required(folder).folders.tree
    if top is None:
        raise CollectionError(f"{folder} has no working tree.", "Name one with --repo.")
    return top


def _required(folder: Path) -> GitRepository:
    repository = find_repository(folder)
    if repository is None:
        raise CollectionError(
            f"{folder} is not in a git repository.", "Name one with --repo, or run `git init`."
        )
    return repository


def _environment(home: Path) -> dict[str, str]:
    """Only what git needs; `home` keeps the user's configuration away from any version."""
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    return {**kept, **_OURS, "PATH": _path(), "HOME": str(home), "XDG_CONFIG_HOME": str(home)}


def _path() -> str:
    """The absolute folders of PATH: a relative one would be a folder of the repository."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())


def _program() -> str:
    found = shutil.which("git", path=_path())
    if found is None:
        raise CollectionError("git is not installed.", "Install git; the runbook needs it.")
    return found


@cache
def _read_config(config: bytes, name: str) -> str:
    """The last value of a name in a configuration's text; includes are not followed."""
    if name.rpartition(".")[2].lower().encode() not in config.lower():
        return ""  # spares a process
    command = [_program(), "config", "--file", "-", "--no-includes", "--get", name]
    environ = {**_environment(Path(os.devnull)), "GIT_DIR": os.devnull}
    done = subprocess.run(  # noqa: S603 (a fixed program, the arguments are ours)
        command, input=config, capture_output=True, check=False, env=environ, cwd="/"
    )
    return os.fsdecode(done.stdout.rstrip(b"\n")) if not done.returncode else ""


@contextmanager
def _started(
    command: list[str], folder: Path, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start git; end it afterwards in any case, and when its time is up."""
    try:
        process = subprocess.Popen(  # noqa: S603 (a fixed program, the arguments are ours)
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        reason = f"git can't be run in {folder}: {error.strerror}."
        raise CollectionError(reason, "Check it.") from None
    timer = Timer(_LONGEST_RUN, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def _feed(stream: IO[bytes], data: bytes) -> None:
    with suppress(OSError, ValueError):  # git has exited: its status says why
        stream.write(data)
    with suppress(OSError, ValueError):
        stream.close()


def _note(stream: IO[bytes], reason: list[str]) -> None:
    """Keep the first line of what git says, and drop the rest."""
    with suppress(OSError, ValueError):
        first = stream.readline(_MOST_REASON)
        reason[0] = first.decode("utf-8", "replace").strip()
        while stream.read(_PIECE):
            pass


def _result(running: Generator[bytes, None, tuple[int, str]]) -> tuple[int, str]:
    try:
        while True:
            next(running)
    except StopIteration as end:
        status, reason = end.value
        return status, reason
