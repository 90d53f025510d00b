"""Used, granted, allowed: what a token needs, has too much of, and lacks."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from helpers.core.model import Record
from helpers.intercom.scopes import catalog
from helpers.scopes.records import Grant, TokenScopes, Use

__all__ = ["AUDIT_USES", "Advice", "Recommendation", "Row", "matrix", "recommend"]

# without these an audit sees almost nothing; the other reads let it see more
AUDIT_USES: Final = (
    Use(scope="read_single_admin", call="GET /me", path="this audit", how="audit"),
    Use(scope="read_admins", call="GET /admins", path="this audit", how="audit"),
    Use(scope="read_admins", call="GET /admins/activity_logs", path="this audit", how="audit"),
)


class Recommendation(Record):
    """Scopes by what to do with them, in the order of the catalog."""

    needed: tuple[str, ...]
    untick: tuple[str, ...]  # granted, and nothing uses it
    tick: tuple[str, ...]  # used, and not granted
    check: tuple[str, ...]  # unknown whether granted, and nothing uses it


class Advice(StrEnum):
    """What to do about a scope."""

    UNTICK = "untick"
    DECIDE = "allow, or remove the call"
    TICK = "tick"
    CHECK = "check by hand"
    FITS = "fits"


class Row(Record):
    """One scope in the matrix of what is granted, used and allowed."""

    scope: str
    verdict: Grant
    used: bool
    allowed: bool

    @property
    def advice(self) -> Advice:
        """What to do, given that the sources could be read."""
        if self.verdict is Grant.UNKNOWN:
            return Advice.CHECK
        if not self.used:
            return Advice.UNTICK if self.verdict is Grant.GRANTED else Advice.FITS
        if not self.allowed:
            return Advice.DECIDE
        return Advice.FITS if self.verdict is Grant.GRANTED else Advice.TICK


def recommend(token: TokenScopes, uses: Iterable[Use]) -> Recommendation:
    """What to change. Possible uses count as uses: better to keep a box than to break a service."""
    used = {use.scope for use in uses}
    by = {v.scope: v.verdict for v in token.verdicts}
    granted = {scope for scope, verdict in by.items() if verdict is Grant.GRANTED}
    missing = {scope for scope, verdict in by.items() if verdict is Grant.MISSING}
    return Recommendation(
        needed=_ordered(used),
        untick=_ordered(granted - used),
        tick=_ordered(used & missing),
        check=_ordered(set(by) - granted - missing - used),
    )


def matrix(token: TokenScopes, uses: Iterable[Use], allowed: Iterable[str]) -> tuple[Row, ...]:
    """Every scope of the catalog, in its order."""
    used, permitted = {use.scope for use in uses}, set(allowed)
    return tuple(
        Row(scope=v.scope, verdict=v.verdict, used=v.scope in used, allowed=v.scope in permitted)
        for v in token.verdicts
    )


def _ordered(scopes: set[str]) -> tuple[str, ...]:
    known = [key for key in catalog() if key in scopes]
    return (*known, *sorted(scopes - set(known)))
