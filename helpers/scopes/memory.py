"""What the last review found, kept for the next: the runbook's own memory, in its state folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from helpers.core.model import Cause, Datum, Known, Unavailable
from helpers.intercom.records import Remembered, TokenScopes
from helpers.system.files import write_private

__all__ = ["recall", "remember"]

_FILE: Final = "scopes.json"


def remember(state: Path, token: TokenScopes, at: datetime) -> None:
    """Keep a token's verdicts in place of those of the review before; `at` in UTC."""
    verdicts = tuple((v.scope, v.verdict) for v in token.verdicts)
    write_private(state / _FILE, Remembered(at=at, verdicts=verdicts).model_dump_json(indent=1))


def recall(state: Path) -> Datum[Remembered]:
    """The verdicts of the review before."""
    try:
        return Known(Remembered.model_validate_json((state / _FILE).read_bytes()))
    except FileNotFoundError:
        return Unavailable(
            reason="This is the first review of this profile.",
            call=_FILE,
            cause=Cause.NOT_CONFIGURED,
        )
    except (OSError, ValidationError):
        return Unavailable(
            reason=f"{_FILE} in the state folder can't be read, so nothing can be compared. "
            "This review has begun a new one.",
            call=_FILE,
        )
