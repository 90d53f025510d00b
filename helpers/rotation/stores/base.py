"""What every store of secrets can do, and the errors it can raise.

Stages: CURRENT is what consumers read; PENDING is a new secret in use by nobody; PREVIOUS is what
CURRENT was before the last promotion. Each operation may be repeated after a crash: it looks first,
acts if there is something left to do, and ends in the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from helpers.core.errors import ConfigurationError, RunbookError

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["Capabilities", "ConflictError", "SecretStore", "Stage", "StoreError", "StoreSetupError"]


class Stage(StrEnum):
    """Which of a secret's values."""

    CURRENT = "current"
    PENDING = "pending"
    PREVIOUS = "previous"


@dataclass(frozen=True)
class Capabilities:
    """What a store can do by itself; where it can't, the runbook's own lock stands in."""

    compare_and_swap: bool  # a promotion fails if someone else was quicker
    versions: bool  # it keeps older values by itself

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a person should know before a rotation, in sentences."""
        alone = "This store does not notice other writers: keep them off it meanwhile."
        kept = "This store keeps older versions by itself, the old key among them."
        return ((alone,) if not self.compare_and_swap else ()) + ((kept,) if self.versions else ())


class StoreError(RunbookError):
    """The store could not do it: nothing was changed, or what was is told."""


class ConflictError(StoreError):
    """The store holds another value than was expected: someone else changed it."""


class StoreSetupError(ConfigurationError, StoreError):
    """The store can't be used as it is set up."""


class SecretStore(Protocol):
    """One secret in one store. Fingerprints are those of `helpers.core.model.fingerprint`."""

    capabilities: Capabilities

    @property
    def label(self) -> str:
        """Where the secret is, for people; no secret in it."""
        ...

    def doctor(self) -> None:
        """Find out whether a rotation could work here. Raises StoreError before anything starts."""
        ...

    def read(self, stage: Stage) -> SecretStr | None:
        """The value of a stage, if there is one. Raises StoreError."""
        ...

    def stage(self, value: SecretStr, run_id: str) -> None:
        """Keep a new secret durably as PENDING; replaces one of the same run, no other's."""
        ...

    def promote(self, expect_current: str, expect_pending: str) -> None:
        """PREVIOUS := CURRENT, CURRENT := PENDING; raises ConflictError where either differs."""
        ...

    def rollback(self, expect_current: str, expect_previous: str) -> None:
        """CURRENT := PREVIOUS; raises ConflictError where either differs."""
        ...

    def discard(self, stage: Stage) -> None:
        """Delete PENDING or PREVIOUS, if it is there. CURRENT is refused (ValueError)."""
        ...
