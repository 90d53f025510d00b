"""A temporary git folder that shows git a repository without the repository's configuration.

It holds a configuration of our own, a copy of HEAD, and links to the objects, refs, index and the
few other files that reading needs. So there is no hook, filter, alias, remote, promisor, fsmonitor,
signature program or include that git could obey. What points outside the repository is left out.
"""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from helpers.core.errors import CollectionError
from helpers.system.git_folders import GitFolders, read_small
from helpers.system.temporary import temporary_folder

__all__ = ["GitView"]

_PREFIX: Final = "runbook-git-"
_LONGEST_HEAD: Final = 8 << 10
_LARGEST: Final = 1 << 20  # bytes of a configuration, or of a list of alternates
_FORMATS: Final = ("objectformat", "refstorage")  # how the objects and refs are stored
_LINKED: Final = ("packed-refs", "reftable", "shallow", "info/exclude")
_CONFIG: Final = """\
[core]
\trepositoryformatversion = {version}
\tbare = {bare}
\tquotePath = false
\tpager = cat
\tfsmonitor = false
\thooksPath = /dev/null
\tcommitGraph = false
\tmultiPackIndex = false
[log]
\tshowSignature = false
[protocol]
\tallow = never
[gc]
\tauto = 0
"""  # commit-graph and multi-pack-index could hide commits and objects that are stored


class GitView:
    """The view of a repository. Its folder is removed with it.

    `outside` lists what points outside; `formats` says how objects and refs are stored, by the name
    of git's extension; `index` is the index to read, None if there is none.
    """

    def __init__(
        self,
        folders: GitFolders,
        read_config: Callable[[bytes, str], str],
        index: Path | None = None,
    ) -> None:
        """Make the view. Raises CollectionError where the repository is not readable."""
        self._folders = folders
        self.outside: list[str] = []
        self.formats = _formats(folders, read_config)
        self._note_worktree(read_config)
        self.path = temporary_folder(_PREFIX)
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        try:
            self._fill()
            self.index = self._index(index or folders.git_dir / "index")
        except OSError as error:
            reason = f"{folders.git_dir} can't be read: {error.strerror}."
            raise CollectionError(reason, "Check its rights, and the temporary folder's.") from None

    def _fill(self) -> None:
        common = self._folders.common
        (self.path / "config").write_text(self._config(), "utf-8")
        (self.path / "HEAD").write_bytes(self._head())
        (self.path / "info").mkdir()
        for name in _LINKED:
            self._link(common / name, self.path / name)
        for shared in self._folders.git_dir.glob("sharedindex.*"):
            self._link(shared, self.path / shared.name)
        self._link_refs(common / "refs", self.path / "refs")
        self._link_refs(common / "worktrees", self.path / "worktrees")  # their HEADs
        self._link_objects(common / "objects", self.path / "objects")

    def _note_worktree(self, read_config: Callable[[bytes, str], str]) -> None:
        """Note a working tree elsewhere. Submodules without files name theirs, which is inside."""
        folders = self._folders
        named = read_config(read_small(folders.common / "config", _LARGEST), "core.worktree")
        place = (folders.git_dir / named).resolve()
        submodule = folders.tree is None and ".git" in folders.git_dir.parts
        linked = folders.git_dir != folders.common  # has a tree of its own
        if named and place != folders.tree and not submodule and not linked:
            self.outside.append(f"core.worktree in {folders.common}/config names {place}")

    def _config(self) -> str:
        bare = "false" if self._folders.tree else "true"
        text = _CONFIG.format(version=1 if self.formats else 0, bare=bare)
        formats = "".join(f"\t{name} = {value}\n" for name, value in self.formats.items())
        return f"{text}[extensions]\n{formats}" if formats else text

    def _head(self) -> bytes:
        """Copy HEAD; a link to a ref is git's old form of a symbolic ref."""
        path = self._folders.git_dir / "HEAD"
        if path.is_symlink():
            return b"ref: " + os.fsencode(path.readlink()) + b"\n"
        return read_small(path, _LONGEST_HEAD)

    def _index(self, path: Path) -> Path | None:
        return path if path.is_file() and self._is_inside(path) else None

    def _is_inside(self, path: Path) -> bool:
        if self._folders.holds(path):
            return True
        self.outside.append(f"{path} points outside, to {path.resolve()}")
        return False

    def _link(self, real: Path, link: Path) -> bool:
        """Link a file or folder, unless there is none or it is elsewhere."""
        if not os.path.lexists(real) or not self._is_inside(real):
            return False
        link.symlink_to(real)
        return True

    def _link_refs(self, real: Path, link: Path) -> None:
        """Link a folder of loose refs; all are left out if one of them points outside."""
        astray = [path for path in _links_below(real) if not self._is_inside(path)]
        if astray or not self._link(real, link):
            link.mkdir()

    def _link_objects(self, real: Path, link: Path) -> None:
        """Link packs and loose objects, a folder at a time, and no alternates."""
        link.mkdir()
        if not self._is_inside(real):
            return
        lent = read_small(real / "info" / "alternates", _LARGEST).decode("utf-8", "replace")
        self.outside += [
            f"{real}/info/alternates borrows objects of {one}" for one in lent.splitlines() if one
        ]
        for entry in sorted(real.iterdir()):
            if entry.name != "info":
                self._link_folder(entry, link / entry.name)

    def _link_folder(self, real: Path, link: Path) -> None:
        astray = [path for path in _links_below(real) if not self._is_inside(path)]
        if not astray:
            self._link(real, link)
            return
        link.mkdir()
        for entry in sorted(real.iterdir()):
            if entry not in astray:
                (link / entry.name).symlink_to(entry)


def _formats(folders: GitFolders, read_config: Callable[[bytes, str], str]) -> Mapping[str, str]:
    config = read_small(folders.common / "config", _LARGEST)
    found = {name: read_config(config, f"extensions.{name}") for name in _FORMATS}
    return {name: value for name, value in found.items() if value.isalnum()}


def _links_below(folder: Path) -> Iterator[Path]:
    """Yield the symbolic links in a folder and below it."""
    if folder.is_symlink() or not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                yield from _links_below(Path(entry.path))
