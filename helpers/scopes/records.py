"""What the scope review collects. Tokens are here by fingerprint alone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from helpers.access.records import Attestation
from helpers.core.model import Datum, Record
from helpers.intercom.records import Teammate

__all__ = [
    "Certainty",
    "Grant",
    "PreviousReview",
    "ProbeAnswer",
    "Reading",
    "ScopeFacts",
    "ScopeVerdict",
    "TokenScopes",
    "Use",
    "WriteProbes",
]


class Reading(StrEnum):
    """What one answer says about the permission behind it."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    SILENT = "silent"  # it says something else: plan, version, an absent id, trouble


class Grant(StrEnum):
    """Whether a token holds a scope."""

    GRANTED = "granted"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
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
    verdict: Grant
    why: str
    answers: tuple[ProbeAnswer, ...] = ()
    through: tuple[str, ...] = ()


class TokenScopes(Record):
    """What one token may do, as far as asking shows."""

    variable: str
    fingerprint: str
    verdicts: tuple[ScopeVerdict, ...]
    owner: Teammate | None = None

    def scopes(self, verdict: Grant) -> tuple[str, ...]:
        """The scopes with that verdict, in the order of the catalog."""
        return tuple(v.scope for v in self.verdicts if v.verdict is verdict)


class Use(Record):
    """A place that needs a scope. `path` is a file, an observation's name, or the audit itself."""

    scope: str
    call: str
    path: str
    line: int = 0
    sure: Certainty = Certainty.CERTAIN
    how: str = ""


class WriteProbes(Record):
    """What the write probes were answered, by the token's variable."""

    answers: tuple[tuple[str, tuple[ProbeAnswer, ...]], ...]


class PreviousReview(Record):
    """The verdicts on the access token in an earlier review, and when that was (UTC)."""

    at: datetime
    verdicts: tuple[tuple[str, Grant], ...]


class ScopeFacts(Record):
    """All that the scope review knows."""

    access: Datum[TokenScopes]
    reader: Datum[TokenScopes]
    writer: Datum[TokenScopes]
    uses: Datum[tuple[Use, ...]]
    allowed: Datum[tuple[str, ...]]  # by the policy
    previous: Datum[PreviousReview]
    attestations: Datum[tuple[Attestation, ...]]
