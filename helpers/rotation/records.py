"""The facts that the rotation checks judge: key ages, regenerations, rotations, a rehearsal."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from helpers.core.model import Datum, Known, Record
from helpers.rotation.transitions import CLOSED, Mode, State

__all__ = [
    "KeyAge",
    "KnownBy",
    "Leftover",
    "ListedIdentitySecret",
    "Proof",
    "Regeneration",
    "RehearsedStep",
    "RotationFacts",
    "RotationRecord",
    "RotationRehearsal",
]


class KnownBy(StrEnum):
    """How the age of a key is known."""

    LEDGER = "ledger"  # the runbook rotated it
    ACTIVITY_LOG = "activity log"  # Intercom logged its creation
    WORKSPACE = "workspace"  # the workspace lists only this one, with its date
    FIRST_SEEN = "first seen"  # it may be older; nobody knows by how much


class KeyAge(Record):
    """A credential and its creation time (UTC); not `exact`: it may be older."""

    variable: str
    kind: str
    fingerprint: str
    origin: str
    since: datetime
    known_by: KnownBy
    exact: bool

    def days(self, now: datetime) -> int:
        """Its age in whole days."""
        return max((now - self.since).days, 0)


class Regeneration(Record):
    """A row of Intercom's log about a new key, and whether a rotation created it."""

    id: str
    at: datetime
    activity_type: str
    by: str
    description: str
    app: str  # Intercom documents no field for it, so it may be empty
    recorded: bool = False

    def concerns(self, app: str) -> bool:
        """Whether the row is about the app of that name."""
        return self.app == app or self.description.rstrip(". ").endswith(f" {app}")


class RotationRecord(Record):
    """A rotation from the ledger. Times are UTC."""

    variable: str
    kind: str
    mode: Mode
    compromised: bool
    state: State
    reason: str
    actor: str
    opened_at: datetime
    moved_at: datetime

    @property
    def open(self) -> bool:
        """True until it is done, aborted or rolled back."""
        return self.state not in CLOSED

    @property
    def needs_human(self) -> bool:
        """True where a person has to decide."""
        return self.state is State.NEEDS_HUMAN


class Leftover(Record):
    """The name of a file beside an env file that holds a pending or previous secret."""

    name: str
    explained: bool  # an open rotation of that variable needs it


class ListedIdentitySecret(Record):
    """A live identity secret of the workspace; its value is never read."""

    id: str
    name: str
    created_at: datetime | None


class RehearsedStep(Record):
    """A state that a rehearsal reached, and what proved it."""

    state: State
    proof: str


class Proof(Record):
    """The proof that an old key is dead: its answers before and after, and the new key's."""

    before: int
    after: tuple[str, ...]
    control: int


class RotationRehearsal(Record):
    """A whole rotation of a separate key in the sandbox."""

    mode: Mode
    steps: tuple[RehearsedStep, ...]
    revocation: Proof | None
    old_fingerprint: str
    new_fingerprint: str

    @property
    def completed(self) -> bool:
        """True where it ended at DONE with the old key proven dead."""
        ended = bool(self.steps) and self.steps[-1].state is State.DONE
        return ended and self.revocation is not None


class RotationFacts(Record):
    """Everything that step 03 collects."""

    keys: Datum[tuple[KeyAge, ...]]
    regenerations: Datum[tuple[Regeneration, ...]]
    rotations: Datum[tuple[RotationRecord, ...]]
    leftovers: Datum[tuple[Leftover, ...]]
    identity_secrets: Datum[tuple[ListedIdentitySecret, ...]]
    rehearsal: Datum[RotationRehearsal]
    first_audit: Datum[datetime | None] = Known(None)  # None: there was none before
