"""What the scope review and the access review collect. Tokens are here by fingerprint alone."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from helpers.core.model import Datum, Record

__all__ = [
    "AccessFacts",
    "Allowlist",
    "Attestation",
    "Connector",
    "IdentitySecret",
    "ProbeAnswer",
    "Reading",
    "Remembered",
    "ScopeFacts",
    "ScopeVerdict",
    "SecurityEvent",
    "Sure",
    "Teammate",
    "TokenScopes",
    "Use",
    "Verdict",
    "WriteProbes",
]


class Reading(StrEnum):
    """What one answer says about the permission behind it."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    SILENT = "silent"  # it says something else: plan, version, an absent id, trouble


class Verdict(StrEnum):
    """Whether a token holds a scope."""

    GRANTED = "granted"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Sure(StrEnum):
    """How sure a use of a scope is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class ProbeAnswer(Record):
    """One probe's answer. `named` is the scope that a refusal asks for, if it says."""

    call: str
    status: int
    code: str
    reading: Reading
    absent: bool = False  # a 404 for an id that does not exist
    named: str = ""
    why: str = ""
    request_id: str = ""


class ScopeVerdict(Record):
    """A scope, what is known of it, and from which answers.

    `through` names wider scopes that may be there, and may be what admitted the calls.
    """

    scope: str
    verdict: Verdict
    why: str
    answers: tuple[ProbeAnswer, ...] = ()
    through: tuple[str, ...] = ()


class TokenScopes(Record):
    """What one token may do, as far as asking shows."""

    variable: str
    fingerprint: str
    verdicts: tuple[ScopeVerdict, ...]
    owner: Teammate | None = None

    def scopes(self, verdict: Verdict) -> tuple[str, ...]:
        """The scopes with that verdict, in the order of the catalog."""
        return tuple(v.scope for v in self.verdicts if v.verdict is verdict)


class Use(Record):
    """A place that needs a scope. `path` is a file, an observation's name, or the audit itself."""

    scope: str
    call: str
    path: str
    line: int = 0
    sure: Sure = Sure.CERTAIN
    how: str = ""


class Teammate(Record):
    """A teammate as `/admins` shows them. `role` is "" for permissions of their own making."""

    id: str
    name: str
    email: str
    role: str = ""
    inbox_seat: bool = False

    @property
    def full_access(self) -> bool:
        """Whether the role's name is one that Intercom gives to those who may do everything."""
        return self.role.lower() in {"admin", "owner", "full access"}


class WriteProbes(Record):
    """What the write probes were answered, by the token's variable."""

    answers: tuple[tuple[str, tuple[ProbeAnswer, ...]], ...]


class Attestation(Record):
    """What a person has looked at and vouches for, until when, with the evidence's hash."""

    question: str
    answer: str
    by: str
    on: date
    expires: date
    evidence_sha256: str = ""


class Remembered(Record):
    """The verdicts on the access token in an earlier review, and when that was (UTC)."""

    at: datetime
    verdicts: tuple[tuple[str, Verdict], ...]


class ScopeFacts(Record):
    """All that the scope review knows."""

    access: Datum[TokenScopes]
    reader: Datum[TokenScopes]
    writer: Datum[TokenScopes]
    uses: Datum[tuple[Use, ...]]
    allowed: Datum[tuple[str, ...]]  # by the policy
    previous: Datum[Remembered]
    attestations: Datum[tuple[Attestation, ...]]


class Allowlist(Record):
    """The IP allowlist."""

    enabled: bool
    entries: tuple[str, ...]


class Connector(Record):
    """A data connector: where it calls and how it authenticates. No header has a value here."""

    id: str
    name: str
    url: str
    state: str
    headers: tuple[str, ...]
    token_ids: tuple[str, ...]
    customer_authentication: bool
    bypass_authentication: bool


class IdentitySecret(Record):
    """A Messenger identity secret: name, platforms and date (UTC), never the value."""

    id: str
    name: str
    created_at: datetime
    platforms: tuple[str, ...]


class SecurityEvent(Record):
    """A kind of event that somebody should explain: how many there were, and the newest (UTC)."""

    kind: str
    count: int
    newest: datetime


class AccessFacts(Record):
    """All that the access review knows."""

    teammates: Datum[tuple[Teammate, ...]]
    last_seen: Datum[tuple[tuple[str, datetime], ...]]  # a teammate's id and newest activity
    events: Datum[tuple[SecurityEvent, ...]]
    identity_verification: Datum[bool]
    identity_secrets: Datum[tuple[IdentitySecret, ...]]
    allowlist: Datum[Allowlist]
    connectors: Datum[tuple[Connector, ...]]
    attestations: Datum[tuple[Attestation, ...]]


TokenScopes.model_rebuild()
