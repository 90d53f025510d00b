"""What looking at a key can come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Outlook", "Verdict"]


class Outlook(StrEnum):
    """What to do after having looked."""

    PROVEN = "proven"  # go on
    NOT_YET = "not yet"  # a person has something to do first; nothing is wrong
    TRY_AGAIN = "try again"  # the network or Intercom is in trouble; the state stays
    REFUTED = "refuted"  # this key won't do
    UNCLEAR = "unclear"  # it can't be decided by a program


@dataclass(frozen=True)
class Verdict:
    """The outlook, in words for a person (`say`), with what was seen (`detail`, no secret).

    `vouch` names what a person may vouch for instead, where no program can see it.
    """

    outlook: Outlook
    say: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    vouch: str = ""

    @property
    def proven(self) -> bool:
        """True where the work may go on."""
        return self.outlook is Outlook.PROVEN
