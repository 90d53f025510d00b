"""What the battery saw: requests and their answers, unjudged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from helpers.webhooks.answers import Answer
from helpers.webhooks.cases.case import Case
from helpers.webhooks.probes import Probe
from helpers.webhooks.records import Receiver

__all__ = ["OUT_OF_TIME", "Exchange", "Trial"]

OUT_OF_TIME: Final = "the time for the whole run was up"


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. `missed` says why it was not sent, `died` what followed it."""

    case: Case
    probe: Probe
    answer: Answer
    missed: str = ""
    died: str = ""


@dataclass(frozen=True)
class Trial:
    """One run. `timed` are the genuine deliveries that went alone; `ended` says why it was short.

    `processed` are the ids that the receiver acted upon, where somebody observed them.
    """

    receiver: Receiver
    cases: tuple[Case, ...]
    skipped: tuple[Case, ...]
    control: Answer
    closing: Answer
    exchanges: tuple[Exchange, ...]
    timed: tuple[Answer, ...]
    processed: frozenset[str] | None = None
    ended: str = ""

    @property
    def gone(self) -> bool:
        """True where the receiver died and stayed dead."""
        return bool(self.ended) and self.ended != OUT_OF_TIME
