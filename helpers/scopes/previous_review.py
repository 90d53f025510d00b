"""The verdicts of the last review, kept in the state folder to compare the next one with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from helpers.core.model import Cause, Datum, Known, Unavailable
from helpers.intercom.scopes import catalog
from helpers.scopes.records import Grant, PreviousReview, ScopeVerdict, TokenScopes
from helpers.scopes.verdicts import PROBED
from helpers.system.files import write_private

__all__ = ["plant", "recall", "remember"]

_FILE: Final = "scopes.json"


def remember(state: Path, token: TokenScopes, at: datetime) -> None:
    """Keep a token's verdicts in place of those of the review before; `at` in UTC."""
    verdicts = tuple((v.scope, v.verdict) for v in token.verdicts)
    write_private(state / _FILE, PreviousReview(at=at, verdicts=verdicts).model_dump_json(indent=1))


def recall(state: Path) -> Datum[PreviousReview]:
    """The verdicts of the review before."""
    try:
        return Known(PreviousReview.model_validate_json((state / _FILE).read_bytes()))
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


# before somebody ticked the allowlist's check box, and unticked that of the tickets
_GRANTED: Final = frozenset(
    {
        "read_single_admin",
        "read_admins",
        "read_users_companies",
        "write_users_companies",
        "read_tags",
        "read_conversations",
        "write_conversations",
        "read_events",
        "read_tickets",
        "read_articles_scope",
        "read_data_connectors",
        "read_secure_mode_secret",
        "write_secure_mode_secret",
    }
)


def plant(folder: Path, now: datetime) -> None:
    """Store the review of a month before `now` in the demo's `state` folder."""
    state = folder / "state"
    state.mkdir(parents=True, exist_ok=True)
    token = TokenScopes(
        variable="INTERCOM_ACCESS_TOKEN", fingerprint="", verdicts=tuple(_verdicts())
    )
    remember(state, token, now - timedelta(days=28))


def _verdicts() -> Iterator[ScopeVerdict]:
    for scope in catalog():
        seen = Grant.GRANTED if scope in _GRANTED else Grant.MISSING
        verdict = seen if scope in PROBED.values() else Grant.UNKNOWN
        yield ScopeVerdict(scope=scope, verdict=verdict, why="")
