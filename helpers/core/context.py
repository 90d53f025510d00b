"""What a collector and an act are given: one profile's settings, policy, places and clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.core.model import Cause, Datum, Unavailable
from helpers.core.policy import Policy
from helpers.core.redaction import Redactor
from helpers.core.settings import Settings

if TYPE_CHECKING:
    from helpers.intercom.client import Client

__all__ = ["Context", "Progress", "Recorder"]

Progress = Callable[[str], None]
Recorder = Callable[..., object]  # (action, resource=…, result=…, **metadata)


def _silent(message: str) -> None:
    """Show nothing: the default observer."""


def _unrecorded(action: str, **told: Any) -> None:
    """Record nothing: the sandbox's own actions are a rehearsal."""


@dataclass
class Context:
    """One profile as a step works with it. `clock` answers in UTC."""

    settings: Settings
    policy: Policy
    redactor: Redactor
    repo: Path  # the repository that is examined
    state: Path  # this profile's state folder
    clock: Callable[[], datetime]
    progress: Progress = _silent
    record: Recorder = _unrecorded  # of the runbook's own actions, into its audit log
    observed: tuple[Path, ...] = ()  # files that show what runs
    hub: str = ""  # address of the sandbox's developer hub; empty on real profiles
    evidence: Datum[Any] = field(
        default_factory=lambda: Unavailable(
            reason="This act was not carried out.", call="act", cause=Cause.OFF
        )
    )

    @cached_property
    def client(self) -> Client:
        """The Intercom client of this profile's access token; made when first asked for."""
        from helpers.intercom.client import Client

        return Client.from_settings(self.settings)

    def close(self) -> None:
        """Close the client's connections, if one was made."""
        if "client" in vars(self):
            self.client.close()
