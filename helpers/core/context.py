"""What a collector and an action get: one workspace's settings, policy, folders and clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from helpers.core.errors import ConfigurationError
from helpers.core.model import Cause, Datum, Unavailable
from helpers.core.policy import Policy, PolicySource
from helpers.core.redaction import Redactor
from helpers.core.settings import Settings

__all__ = ["ClientFactory", "Context", "Progress", "Recorder"]

ClientFactory = Callable[
    [Settings], Any
]  # `helpers.intercom.client`'s Client; core does not know it
Progress = Callable[[str], None]
Recorder = Callable[..., object]  # (action, resource=…, result=…, **metadata)


def _silent(message: str) -> None:
    """Show nothing: the default observer."""


def _unrecorded(action: str, **details: Any) -> None:
    """Record nothing: actions on the sandbox are a rehearsal."""


def _no_client(settings: Settings) -> Any:
    """Refuse: this context has no way to reach Intercom."""
    raise ConfigurationError(
        f"{settings.name} was opened without an Intercom client.",
        "Open it with a client factory.",
    )


@dataclass
class Context:
    """One workspace as a step works with it. `clock` answers in UTC."""

    settings: Settings
    policy: Policy
    redactor: Redactor
    repo: Path  # the repository under audit
    state: Path  # this workspace's state folder
    clock: Callable[[], datetime]
    progress: Progress = _silent
    record: Recorder = _unrecorded  # writes the runbook's own actions into its audit log
    observed: tuple[Path, ...] = ()  # files that show which calls were made
    policy_source: PolicySource = PolicySource()  # noqa: RUF009 (frozen)
    hub: str = ""  # address of the sandbox's developer hub; empty on real profiles
    evidence: Datum[Any] = field(
        default_factory=lambda: Unavailable(
            reason="This action was not taken.", call="act", cause=Cause.OFF
        )
    )
    client_factory: ClientFactory = _no_client

    @cached_property
    def client(self) -> Any:
        """The Intercom client of this profile's access token, made on first use."""
        return self.client_factory(self.settings)

    def close(self) -> None:
        """Close the client's connections, if one was made."""
        if "client" in vars(self):
            self.client.close()
