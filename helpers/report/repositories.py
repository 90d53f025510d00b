"""Which repository a run is about, so that no other one continues its history.

The operator's name for it counts first. Without one it is known by what it says of itself, its
remote and its first commits, and by where it lies, because any repository can say anything. A
repository that claims to be another one gets a history of its own for as long as that one is where
it was.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.system.state import writing

__all__ = ["SeenRepository", "plain_remote", "repository_key"]

_SCP: Final = re.compile(r"^(?:[^/@\s]+@)?(?P<host>[\w.-]+):(?P<path>(?!//).+)$")
_URL: Final = re.compile(
    r"^(?:https?|ssh|git)://(?:[^/@\s]+@)?(?P<host>[\w.-]+)(?::(?:22|80|443|9418))?/(?P<path>.+)$"
)


@dataclass(frozen=True)
class SeenRepository:
    """A repository as it is found. What is not known is empty, such as the roots of a shallow one.

    `place` is its git folder, `remote` is as `plain_remote` has it, `roots` are the ids of first
    commits, and `name` is what the operator calls it.
    """

    place: Path
    name: str = ""
    remote: str = ""
    roots: frozenset[str] = frozenset()

    def continues(self, remote: str, roots: frozenset[str], place: str) -> bool:
        """Whether this is the repository that was seen with these values.

        In the same folder either the remote or one root is enough: a repository moves to another
        host, and a purge rewrites every commit. Elsewhere it takes both, and the old folder must
        be gone. Two histories that were merged have a root in common with either.
        """
        same_remote, same_root = self.remote == remote, bool(self.roots & roots)
        if str(self.place) == place:
            nothing = not (self.remote or self.roots or remote or roots)
            return nothing or same_root or (same_remote and bool(remote))
        unknown = not self.roots or not roots  # a shallow clone
        told = same_root or (unknown and bool(remote))
        return same_remote and told and not Path(place).exists()


def repository_key(connection: sqlite3.Connection, seen: SeenRepository) -> str:
    """The key of a repository in a workspace's state; a new one for one that was never seen.

    One that gets a name goes on with the history that it had without.
    """
    with writing(connection):
        if not seen.name:
            return _derived_key(connection, seen)
        key = f"name:{seen.name}"
        lines = "SELECT 1 FROM history_lines WHERE repository = ?"
        if not connection.execute(lines, (key,)).fetchone():
            rename = "UPDATE history_lines SET repository = ? WHERE repository = ?"
            connection.execute(rename, (key, _derived_key(connection, seen)))
        return key


def _derived_key(connection: sqlite3.Connection, seen: SeenRepository) -> str:
    """The key by what is known of it, which is brought up to date."""
    rows = connection.execute("SELECT key, remote, roots, place FROM repositories").fetchall()
    here = [row for row in rows if row["place"] == str(seen.place)]
    for row in (*here, *(row for row in rows if row not in here)):
        known = frozenset(row["roots"].split())
        if seen.continues(row["remote"], known, row["place"]):
            roots = seen.roots or known
            _keep(connection, row["key"], seen, roots)
            return str(row["key"])
    key = _new_key(seen, len(rows))
    _keep(connection, key, seen, seen.roots)
    return key


def _keep(
    connection: sqlite3.Connection, key: str, seen: SeenRepository, roots: frozenset[str]
) -> None:
    row = (key, seen.remote, " ".join(sorted(roots)), str(seen.place))
    connection.execute("INSERT OR REPLACE INTO repositories VALUES (?, ?, ?, ?)", row)


def _new_key(seen: SeenRepository, number: int) -> str:
    said = "\0".join((seen.remote, *sorted(seen.roots), str(seen.place), str(number)))
    return "r:" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def plain_remote(address: str) -> str:
    """`host/path` of a remote, the same for ssh and https; a local path stays as it is."""
    found = _URL.match(address) or _SCP.match(address)
    if not found:
        return address.rstrip("/")
    path = found["path"].strip("/").removesuffix(".git").rstrip("/")
    return f"{found['host'].lower()}/{path}"
