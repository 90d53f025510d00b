"""What a search for bad releases finds: pins, findings with their places, and what was not read."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from helpers.core.model import Datum, Record, Severity, Status

__all__ = [
    "BadRelease",
    "DependencyFacts",
    "DependencySearch",
    "Ecosystem",
    "LockedPlace",
    "PackagePin",
    "UnreadLockfile",
]


class Ecosystem(StrEnum):
    """A package ecosystem, as the OSV schema spells it."""

    NPM = "npm"
    PYPI = "PyPI"
    PACKAGIST = "Packagist"
    RUBYGEMS = "RubyGems"
    MAVEN = "Maven"
    GO = "Go"


class PackagePin(NamedTuple):
    """One release that a file names. `references` are commits, where the format has them."""

    ecosystem: Ecosystem
    name: str
    version: str
    references: tuple[str, ...] = ()


class LockedPlace(Record):
    """Where a release is named: a file on disk, or a blob with its commits (times in UTC)."""

    path: str
    blob: str = ""  # empty for a file on disk
    at_head: bool = False
    added: datetime | None = None
    added_in: str = ""
    author: str = ""
    removed: datetime | None = None
    removed_in: str = ""

    @property
    def days(self) -> int | None:
        """For how many days it was there, None if that is not known or not over."""
        return (self.removed - self.added).days if self.added and self.removed else None


class BadRelease(Record):
    """A bad release, or a file that the malware leaves, with every place in one repository.

    FAIL: it is bad. MANUAL: the file does not say enough to decide; `reason` says what is missing.
    """

    repository: str
    status: Status
    severity: Severity
    advisories: tuple[str, ...]
    summary: str
    subject: str  # `npm intercom-client 7.0.4`, or a file
    reason: str = ""
    places: tuple[LockedPlace, ...] = ()

    @property
    def is_file(self) -> bool:
        """True for a file that the malware leaves, not a release that a lockfile names."""
        return self.subject.startswith("file ")


class UnreadLockfile(Record):
    """Something that was not read, or only in part, and why."""

    repository: str
    name: str
    reason: str


class DependencySearch(Record):
    """The result of a search: the findings, what was read, and what was not."""

    releases: tuple[BadRelease, ...] = ()
    unread: tuple[UnreadLockfile, ...] = ()
    repositories: int = 0
    lockfiles: int = 0  # distinct contents that were read
    advisories: int = 0


class DependencyFacts(Record):
    """What the step read: the findings, and how much was read to find them."""

    releases: Datum[tuple[BadRelease, ...]]
    malware_files: Datum[tuple[BadRelease, ...]]
    unread: Datum[tuple[UnreadLockfile, ...]]
    lockfiles: Datum[int]  # distinct contents that were read
    advisories: Datum[int]
