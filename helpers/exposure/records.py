"""The facts of the exposure step: leaked secrets, their places, and what was not scanned."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

from helpers.core.model import Datum, Known, Record, Unavailable
from helpers.exposure.secret_kinds import INTERCOM_KINDS, is_generic

__all__ = [
    "ConfiguredSecret",
    "ExposureFacts",
    "LeakedSecret",
    "Liveness",
    "Place",
    "PlaceKind",
    "ScanCoverage",
    "SkippedItem",
    "known_leaks",
]


class PlaceKind(StrEnum):
    """The kind of place in which a secret was found."""

    HISTORY = "file in a commit"
    COMMIT_MESSAGE = "commit message"
    TAG_MESSAGE = "tag message"
    NOTE = "git note"
    DANGLING = "dangling object"
    OBJECT = "git object"  # whose place in the history could not be worked out
    INDEX = "index"
    TRACKED = "tracked file"
    UNTRACKED = "untracked file"
    IGNORED = "ignored file"
    GIT_FOLDER = "file of the git folder"


class Place(Record):
    """A place of a secret. All versions of a file that hold it are one place.

    `line` is the line in the version that `commit` added, `head_line` the one in the checked-out
    commit. `inner` is the place in the file: a cell of a notebook, a member of an archive. `gone`
    is when the secret was removed from that path; if it is None, the secret is still there, at the
    tip of some branch. Times are the author's, in UTC.
    """

    kind: PlaceKind
    repository: str = ""  # the submodule or nested repository; empty for the scanned one
    path: str = ""
    inner: str = ""
    line: int = 0
    head_line: int = 0
    commit: str = ""
    author: str = ""
    first: datetime | None = None
    gone: datetime | None = None
    gone_commit: str = ""
    versions: int = 1
    at_head: bool = False
    reachable: bool = True
    on_remote: bool = False

    @property
    def where(self) -> str:
        """The place as text, without a line number."""
        name = f"{self.repository}/{self.path}" if self.repository else self.path
        return f"{name}!{self.inner}" if self.inner else name

    @property
    def is_ignored_env_file(self) -> bool:
        """True for an env file that git ignores: where a secret on this machine belongs."""
        name = self.path.rpartition("/")[2]
        is_env = name == ".env" or name.startswith(".env.")
        return self.kind is PlaceKind.IGNORED and is_env and not self.inner

    @property
    def is_example(self) -> bool:
        """True for tests, fixtures, documentation and examples, by the names of its folders."""
        return bool(_EXAMPLES.search(f"{self.path}!{self.inner}" if self.inner else self.path))

    @property
    def is_mcp_file(self) -> bool:
        """True for a file in which an MCP client keeps its servers."""
        return bool(_MCP_FILES.search(self.path))


_EXAMPLES: Final = re.compile(
    r"(?:^|[/!])(?:__tests__|tests?|testing|testdata|specs?|fixtures?|mocks?|examples?|samples?"
    r"|demos?|tutorials?|docs?|documentation)[/!]"
    r"|(?:^|[/!_.-])(?:test|tests|spec|conftest|fixture|mock|example|sample|template)s?(?:[_.-]|$)"
    r"|\.(?:md|mdx|rst|adoc)$|(?:^|/)(?:readme|changelog)[^/]*$",
    re.IGNORECASE,
)
_MCP_FILES: Final = re.compile(
    r"(?:^|/)(?:\.?mcp\.json|claude_desktop_config\.json|\.claude\.json|\.codex/config\.toml"
    r"|mcp_config\.json|\.gemini/settings\.json)$"
)
_BEFORE_A_COMMIT: Final = frozenset(
    {PlaceKind.INDEX, PlaceKind.TRACKED, PlaceKind.UNTRACKED, PlaceKind.IGNORED}
)
_OBJECTS: Final = frozenset(
    {PlaceKind.DANGLING, PlaceKind.OBJECT, PlaceKind.INDEX, PlaceKind.TAG_MESSAGE}
)


class Liveness(StrEnum):
    """Whether a secret still works."""

    NOT_ASKED = "not asked"
    LIVE = "live"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class LeakedSecret(Record):
    """A secret with all its places, identified by fingerprint and shape; never the value."""

    fingerprint: str
    kind: str
    title: str
    shape: str
    places: tuple[Place, ...]
    places_total: int
    configured_as: str = ""  # the variable that holds the secret now
    liveness: Liveness = Liveness.NOT_ASKED
    workspace: str = ""  # the workspace that a live token opens

    @property
    def intercom(self) -> bool:
        """True for Intercom's own secrets."""
        return self.kind in INTERCOM_KINDS

    @property
    def generic(self) -> bool:
        """True for a password of no known provider, and for values too short to be a key."""
        return not self.intercom and is_generic(self.kind, self.shape)

    @property
    def example_only(self) -> bool:
        """True if it is another provider's and all its places are tests, fixtures or examples."""
        return not self.intercom and all(place.is_example for place in self.places)

    @property
    def first(self) -> datetime | None:
        """When the secret entered the history, if that is known."""
        return min((p.first for p in self.places if p.first), default=None)

    @property
    def gone(self) -> datetime | None:
        """When it was removed from the last branch that held it; None while it is at a tip."""
        ends = [place.gone for place in self.places if place.first]
        return max((end for end in ends if end), default=None) if all(ends) else None

    @property
    def at_head(self) -> bool:
        """True if the checked-out commit holds it."""
        return any(p.at_head for p in self.places)

    @property
    def committed(self) -> bool:
        """True if any git object holds it, so that a clone or a backup may contain it."""
        return any(p.commit or p.kind in _OBJECTS for p in self.places)

    @property
    def staged(self) -> bool:
        """True if it is in the index and in no commit yet."""
        kinds = {place.kind for place in self.places}
        return PlaceKind.INDEX in kinds and kinds <= _BEFORE_A_COMMIT

    @property
    def on_remote(self) -> bool:
        """True if a remote branch is known to hold it."""
        return any(p.on_remote for p in self.places)


class SkippedItem(Record):
    """Something that was not scanned, and why."""

    where: str
    reason: str


class ScanCoverage(Record):
    """What was scanned, and what was not. `missed` may be cut off; `missed_total` counts all.

    `elsewhere` lists the links that lead out of the repository. They are not followed, and what
    they point to is no part of it, so the search is complete without them.

    `git` is False for a folder that is in no repository and so has no history.
    """

    rules: str
    objects: int = 0
    files: int = 0
    repositories: int = 1
    git: bool = True
    shallow: bool = False
    partial: bool = False
    absent: int = 0  # objects that partial clones left at their remotes
    absent_examples: tuple[str, ...] = ()
    interrupted: bool = False
    missed: tuple[SkippedItem, ...] = ()
    missed_total: int = 0
    elsewhere: tuple[SkippedItem, ...] = ()
    elsewhere_total: int = 0
    unlisted: str = ""  # why the objects of a repository could not be listed

    @property
    def complete(self) -> bool:
        """True if nothing was left out."""
        return not (self.missed_total or self.shallow or self.partial or self.interrupted)


def known_leaks(
    leaks: tuple[LeakedSecret, ...], coverage: ScanCoverage
) -> Datum[tuple[LeakedSecret, ...]]:
    """Return the leaks. If none was found but the objects were not read, it is unknown."""
    if coverage.unlisted and not leaks:
        return Unavailable(reason=coverage.unlisted, call="git cat-file --batch-all-objects")
    return Known(leaks)


class ConfiguredSecret(Record):
    """A secret that is in use: its variable and fingerprint."""

    variable: str
    kind: str
    fingerprint: str


class ExposureFacts(Record):
    """The facts of the exposure step. `leaks` may be cut off; `leaks_total` counts all."""

    leaks: Datum[tuple[LeakedSecret, ...]]
    leaks_total: Datum[int]
    coverage: Datum[ScanCoverage]
    configured: Datum[tuple[ConfiguredSecret, ...]]
    guards: Datum[tuple[str, ...]]  # secret scanners that run before a commit or in CI
