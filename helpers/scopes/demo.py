"""A review of the demo's scopes a month ago, so that there is something to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from helpers.intercom.records import ScopeVerdict, TokenScopes, Verdict
from helpers.intercom.scopes import catalog
from helpers.scopes.memory import remember
from helpers.scopes.verdicts import PROBED

__all__ = ["plant"]

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
        seen = Verdict.GRANTED if scope in _GRANTED else Verdict.MISSING
        verdict = seen if scope in PROBED.values() else Verdict.UNKNOWN
        yield ScopeVerdict(scope=scope, verdict=verdict, why="")
