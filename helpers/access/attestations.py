"""What no API reports and a person vouches for: asked, answered, dated, and expiring.

The answers lie in the profile's state folder as `attestations.json`. Evidence, a screenshot say, is
kept by its SHA-256 alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from helpers.access.records import Attestation
from helpers.core.errors import StateError, UsageError
from helpers.core.model import Datum, Known, Unavailable
from helpers.system.files import write_private

__all__ = ["QUESTIONS", "attest", "attested", "read_attestations"]

QUESTIONS: Final[Mapping[str, str]] = {
    "two-factor": "Does every teammate have to use two-factor authentication?",
    "single-sign-on": "Is signing in with e-mail and password off, so that only SSO is left?",
    "messenger-identity": "Is identity enforced in the Messenger on web, iOS and Android alike?",
    "roles": "Has somebody reviewed what each role and each custom permission allows?",
    "sessions": "Do sessions in the dashboard end automatically after a time without activity?",
    "security-events": "Can each security event of notebook 06 be explained by who caused it?",
    "token-scopes": "Is every ticked check box of the audited app one that the policy allows?",
    "reader-scopes": "Is no check box that writes ticked on the reader's app?",
}
_FILE: Final = "attestations.json"
_MANY: Final = TypeAdapter(tuple[Attestation, ...])


def read_attestations(state: Path) -> tuple[Attestation, ...]:
    """The answers of a profile. Raises StateError for a damaged file."""
    path = state / _FILE
    try:
        return _MANY.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError):
        raise StateError(
            f"{path} can't be read.", "Move it away, and answer with `runbook attest` again."
        ) from None


def attested(state: Path) -> Datum[tuple[Attestation, ...]]:
    """The answers of a profile, as a collector hands them on."""
    try:
        return Known(read_attestations(state))
    except StateError as error:
        return Unavailable(reason=str(error), call="read attestations.json")


def attest(
    state: Path,
    question: str,
    *,
    answer: str,
    by: str,
    on: date,
    days: int,
    evidence: Path | None = None,
) -> Attestation:
    """Keep an answer in place of an older one to the same question.

    Raises UsageError for an unknown question or unreadable evidence, and StateError.
    """
    if question not in QUESTIONS:
        raise UsageError(
            f"There is no question {question!r}.", f"The questions are: {', '.join(QUESTIONS)}."
        )
    kept = Attestation(
        question=question,
        answer=answer,
        by=by,
        on=on,
        expires=on + timedelta(days=days),
        evidence_sha256=_digest(evidence) if evidence else "",
    )
    others = [a for a in read_attestations(state) if a.question != question]
    rows = [row.model_dump(mode="json") for row in (*others, kept)]
    write_private(state / _FILE, json.dumps(rows, indent=1))
    return kept


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.", "Name a file.") from None
