"""What the rotation room tells the checks: ages of keys, regenerations, rotations, a rehearsal."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from helpers.core.model import Datum, Record
from helpers.rotation.transitions import CLOSED, Mode, State

__all__ = [
    "IdentitySecret",
    "KeyAge",
    "KnownBy",
    "Leftover",
    "Proof",
    "Regeneration",
    "RehearsedStep",
    "RotationFacts",
    "RotationRecord",
    "RotationRehearsal",
]


class KnownBy(StrEnum):
    """How it is known since when a key exists."""

    LEDGER = "ledger"  # the runbook rotated it
    ACTIVITY_LOG = "activity log"  # Intercom recorded its making
    WORKSPACE = "workspace"  # the workspace lists it alone, with its date
    FIRST_SEEN = "first seen"  # older than that, nobody knows by how much


class KeyAge(Record):
    """A credential, and since when it exists (UTC); not `exact`: it may be older."""

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
    """A row of Intercom's log that says a key was made, and whether a rotation did it."""

    id: str
    at: datetime
    activity_type: str
    by: str
    description: str
    app: str  # as the row names it; Intercom documents no place for it, so it may be empty
    recorded: bool = False

    def concerns(self, app: str) -> bool:
        """Whether the row is about the app of that name."""
        return self.app == app or self.description.rstrip(". ").endswith(f" {app}")


class RotationRecord(Record):
    """A rotation as the ledger has it. Times are UTC."""

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
    """A file beside an env file that holds a pending or previous secret, by name."""

    name: str
    explained: bool  # an open rotation of that variable needs it


class IdentitySecret(Record):
    """An identity secret that is alive in the workspace; its value is never read."""

    id: str
    name: str
    created_at: datetime | None


class RehearsedStep(Record):
    """A state that a rehearsal reached, and what proved it."""

    state: State
    proof: str


class Proof(Record):
    """What proves an old key dead: its answers before and after, and the new key's beside it."""

    before: int
    after: tuple[str, ...]
    control: int


class RotationRehearsal(Record):
    """A whole rotation, carried out on a key of its own in the sandbox."""

    mode: Mode
    steps: tuple[RehearsedStep, ...]
    revocation: Proof | None
    old_fingerprint: str
    new_fingerprint: str

    @property
    def completed(self) -> bool:
        """True where it ended as it should, the old key proven dead."""
        ended = bool(self.steps) and self.steps[-1].state is State.DONE
        return ended and self.revocation is not None


class RotationFacts(Record):
    """All that step 03 knows."""

    keys: Datum[tuple[KeyAge, ...]]
    regenerations: Datum[tuple[Regeneration, ...]]
    rotations: Datum[tuple[RotationRecord, ...]]
    leftovers: Datum[tuple[Leftover, ...]]
    identity_secrets: Datum[tuple[IdentitySecret, ...]]
    rehearsal: Datum[RotationRehearsal]
