"""What the access review collects."""

from __future__ import annotations

from datetime import date, datetime

from helpers.core.model import Datum, Record
from helpers.intercom.records import Allowlist, Connector, IdentitySecret, Teammate

__all__ = [
    "AccessFacts",
    "Attestation",
    "SecurityEvent",
]


class SecurityEvent(Record):
    """A kind of event that somebody should explain: how many there were, and the newest (UTC)."""

    kind: str
    count: int
    newest: datetime


class Attestation(Record):
    """What a person has looked at and vouches for, until when, with the evidence's hash.

    An answer about a token has that token's fingerprint; it says nothing of another one.
    """

    question: str
    answer: str
    by: str
    on: date
    expires: date
    evidence_sha256: str = ""
    fingerprint: str = ""


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
