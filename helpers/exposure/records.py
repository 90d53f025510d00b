"""What a scan hands to the checks: leaked secrets, where they lie, and what was not looked at."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from helpers.core.model import Datum, Record
from helpers.exposure.kinds import INTERCOM_KINDS

__all__ = [
    "Configured",
    "Coverage",
    "ExposureFacts",
    "Leak",
    "Liveness",
    "Missed",
    "Place",
    "PlaceKind",
]


class PlaceKind(StrEnum):
    """The sort of place a secret was found in."""

    HISTORY = "file in a commit"
    COMMIT_MESSAGE = "commit message"
    TAG_MESSAGE = "tag message"
    NOTE = "git note"
    DANGLING = "dangling object"
    INDEX = "index"
    TRACKED = "tracked file"
    UNTRACKED = "untracked file"
    IGNORED = "ignored file"
    GIT_FOLDER = "file of the git folder"


class Place(Record):
    """Where a secret lies. Every version of a file that holds it is one place.

    `inner` says where in the file: a cell of a notebook, a member of an archive. `gone` is when it
    went from that path; without it, it is there still, at the tip of some branch. Times are the
    author's, in UTC.
    """

    kind: PlaceKind
    repository: str = ""  # the submodule or nested repository; empty for the one that was named
    path: str = ""
    inner: str = ""
    line: int = 0
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
        """The place in a line of text, without its line number."""
        name = f"{self.repository}/{self.path}" if self.repository else self.path
        return f"{name}!{self.inner}" if self.inner else name


_BEFORE_A_COMMIT: Final = frozenset(
    {PlaceKind.INDEX, PlaceKind.TRACKED, PlaceKind.UNTRACKED, PlaceKind.IGNORED}
)
_OBJECTS: Final = frozenset({PlaceKind.DANGLING, PlaceKind.INDEX, PlaceKind.TAG_MESSAGE})


class Liveness(StrEnum):
    """Whether a secret still works."""

    NOT_ASKED = "not asked"
    LIVE = "live"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class Leak(Record):
    """One secret with all its places; never the secret itself, but its fingerprint and shape."""

    fingerprint: str
    kind: str
    title: str
    shape: str
    places: tuple[Place, ...]
    places_total: int
    configured_as: str = ""  # the variable that holds the same secret now
    liveness: Liveness = Liveness.NOT_ASKED
    workspace: str = ""  # whose it is, where it was asked

    @property
    def intercom(self) -> bool:
        """True for Intercom's own secrets."""
        return self.kind in INTERCOM_KINDS

    @property
    def first(self) -> datetime | None:
        """When it got into the history, as far as that is known."""
        return min((p.first for p in self.places if p.first), default=None)

    @property
    def gone(self) -> datetime | None:
        """When it went from the last branch that held it; None while it is at some tip."""
        ends = [place.gone for place in self.places if place.first]
        return max((end for end in ends if end), default=None) if all(ends) else None

    @property
    def at_head(self) -> bool:
        """True where the checked-out commit or a file beside it holds it."""
        return any(p.at_head for p in self.places)

    @property
    def committed(self) -> bool:
        """True where it is in any git object, so that a clone or a backup may carry it away."""
        return any(p.commit or p.kind in _OBJECTS for p in self.places)

    @property
    def staged(self) -> bool:
        """True where it waits in the index, and no commit has it yet."""
        kinds = {place.kind for place in self.places}
        return PlaceKind.INDEX in kinds and kinds <= _BEFORE_A_COMMIT

    @property
    def on_remote(self) -> bool:
        """True where a remote branch is known to hold it."""
        return any(p.on_remote for p in self.places)


class Missed(Record):
    """Something that was not looked at, and why."""

    where: str
    reason: str


class Coverage(Record):
    """What a scan looked at. `missed` may be cut; `missed_total` counts all.

    `git` is False for a folder that is in no repository: it has no history to look at.
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
    missed: tuple[Missed, ...] = ()
    missed_total: int = 0


class Configured(Record):
    """A secret that is in use now: its variable and fingerprint."""

    variable: str
    kind: str
    fingerprint: str


class ExposureFacts(Record):
    """The facts of the exposure step. `leaks` may be cut; `leaks_total` counts all."""

    leaks: Datum[tuple[Leak, ...]]
    leaks_total: Datum[int]
    coverage: Datum[Coverage]
    configured: Datum[tuple[Configured, ...]]
    guards: Datum[tuple[str, ...]]  # secret scanners that run before a commit or in CI
