"""What no API reports and a person vouches for: asked, answered, dated, and expiring.

The answers lie in the profile's state folder as `attestations.json`. Evidence, a screenshot say, is
kept by its SHA-256 alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from helpers.access.records import Attestation
from helpers.core.click_paths import click_path
from helpers.core.errors import ConfigurationError, StateError, UsageError
from helpers.core.model import Datum, Known, Unavailable
from helpers.core.settings import Settings
from helpers.system.files import write_private

__all__ = [
    "ANSWERS",
    "MOST_DAYS",
    "PLACES",
    "QUESTIONS",
    "TOKENS",
    "USUAL_DAYS",
    "attest",
    "attested",
    "open_questions",
    "read_attestations",
    "token_of",
]

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
# Where a person checks it before answering.
PLACES: Final[Mapping[str, str]] = {
    "two-factor": click_path("authentication_methods"),
    "single-sign-on": click_path("authentication_methods"),
    "messenger-identity": click_path("messenger_security"),
    "roles": click_path("roles"),
    "sessions": click_path("session_length"),
    "security-events": "notebook 08, which shows who, when and from where",
    "token-scopes": click_path("hub_app_scopes"),
    "reader-scopes": click_path("hub_app_scopes"),
}
ANSWERS: Final = ("yes", "no")
USUAL_DAYS, MOST_DAYS = 180, 366  # that an answer holds
# Questions about a token, by the variable that holds it: an answer holds for that token alone.
TOKENS: Final[Mapping[str, str]] = {
    "token-scopes": "INTERCOM_ACCESS_TOKEN",
    "reader-scopes": "INTERCOM_READ_TOKEN",
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
    fingerprint: str = "",
) -> Attestation:
    """Keep an answer in place of an older one to the same question.

    `fingerprint` is that of the token which a question of `TOKENS` is about (`token_of`).

    Raises UsageError for an unknown question, an answer without a name, or unreadable evidence, and
    StateError.
    """
    if question not in QUESTIONS:
        raise UsageError(
            f"There is no question {question!r}.", f"The questions are: {', '.join(QUESTIONS)}."
        )
    if answer not in ANSWERS:
        raise UsageError("The question was not answered.", "Answer yes or no.")
    if not by.strip():
        raise UsageError("An answer needs the name of a person.", "Say who checked.")
    if not 1 <= days <= MOST_DAYS:
        raise UsageError(f"An answer can't hold {days} days.", f"Choose 1 to {MOST_DAYS} days.")
    kept = Attestation(
        question=question,
        answer=answer,
        by=by.strip(),
        on=on,
        expires=on + timedelta(days=days),
        evidence_sha256=_digest(evidence) if evidence else "",
        fingerprint=fingerprint,
    )
    others = [a for a in read_attestations(state) if a.question != question]
    rows = [row.model_dump(mode="json") for row in (*others, kept)]
    write_private(state / _FILE, json.dumps(rows, indent=1))
    return kept


def token_of(question: str, settings: Settings) -> str:
    """The fingerprint of the token that a question is about; "" if it is about none.

    Raises ConfigurationError if that token is not set.
    """
    if question not in TOKENS:
        return ""
    credential = settings.credential(TOKENS[question])
    if credential is None:
        raise ConfigurationError(
            f"The question is about the token in {TOKENS[question]}, which is not set.",
            "Set it, or name its file with --env-file: the answer holds for that token alone.",
        )
    return credential.fingerprint


def open_questions(given: Iterable[Attestation], today: date) -> tuple[str, ...]:
    """The questions that nobody has answered, or whose answer has expired."""
    answered = {a.question for a in given if a.on <= today <= a.expires}
    return tuple(question for question in QUESTIONS if question not in answered)


def _digest(path: Path) -> str:
    if path.exists() and not path.is_file():  # a pipe would never end
        raise UsageError(f"{path} is not a file.", "Name a file.")
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.", "Name a file.") from None
