"""A waiver, and how it was used in one run."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Final

from pydantic import StringConstraints

from helpers.core.model import Datum, Record, Resource

__all__ = ["Waiver", "WaiverFacts", "WaiverOrigin", "WaiverUse"]

_WILDCARDS: Final = re.compile(r"\*|\?|\[[^\]]+\]")
_Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class WaiverOrigin(StrEnum):
    """Who put a waiver where it was found."""

    OPERATOR = "the operator"
    REPOSITORY = "the audited repository"
    NEW = "the audited repository, not on its default branch"
    UNKNOWN = "the audited repository, whose default branch is not known"


class Waiver(Record):
    """Someone (`owner`) accepts a finding for a `reason` until the end of `expires` (UTC).

    One with a `workspace` holds for the workspace of that name alone.
    """

    check: _Said
    resource: _Said
    owner: _Said
    reason: _Said
    expires: date
    workspace: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    origin: WaiverOrigin = WaiverOrigin.OPERATOR

    def is_of(self, workspace: str) -> bool:
        """Whether it holds for the workspace of this name."""
        return self.workspace in ("", workspace)

    def covers(self, check: str, resource: Resource) -> bool:
        """True where check and resource key match, in upper and lower case as written."""
        return check == self.check and fnmatchcase(resource.key, self.resource)

    @property
    def is_pattern(self) -> bool:
        """True where `resource` has a wildcard."""
        return any(character in self.resource for character in "*?[")

    @property
    def is_for_all(self) -> bool:
        """True where `resource` is made of wildcards, so that it covers resources of any name."""
        return "*" in self.resource and not _WILDCARDS.sub("", self.resource)

    def holds(self, today: date) -> bool:
        """True up to and including the last day."""
        return today <= self.expires


class WaiverUse(Record):
    """A waiver, whether its check exists and was judged, and how many findings it matches.

    `refused` says why the policy does not allow it; a waiver that is not `allowed` suppresses
    nothing.
    """

    waiver: Waiver
    known: bool
    judged: bool
    matches: int
    allowed: bool = False
    refused: str = ""


class WaiverFacts(Record):
    """The waivers as the checks on them see them."""

    waivers: Datum[tuple[WaiverUse, ...]]
