"""What a run is judged by. Saved with it, so that judging it again gives the same report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from helpers.core.commands import CommandTarget
from helpers.core.model import Record, Subject
from helpers.core.policy import Policy
from helpers.core.steps import STEPS
from helpers.core.waivers import Waiver

__all__ = ["JudgingInputs"]


class JudgingInputs(Record):
    """`steps` were requested; `reasons` says why a step left no snapshot, where known.

    `usual_policy` is the built-in one, where `policy` came with the audited repository.
    """

    profile: str
    generated_at: datetime  # UTC
    tool_version: str
    policy: Policy
    usual_policy: Policy | None = None
    waivers: tuple[Waiver, ...] = ()
    steps: tuple[str, ...] = tuple(step.name for step in STEPS)
    reasons: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()  # for the reader, such as the state of the audit log
    subject: Subject | None = None
    target: CommandTarget = CommandTarget()  # what the commands in its texts are about
