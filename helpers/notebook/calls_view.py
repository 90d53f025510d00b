"""The calls that a step, or a whole audit, may make: shown before any is made."""

from __future__ import annotations

from helpers.core.view import View, folded, table
from helpers.intercom.calls import AUDIT_CALLS, Call

__all__ = ["calls_of"]

_SHORT = 4  # rows; a longer table is folded


def calls_of(step: str) -> View:
    """The calls of one step; of the whole audit for an empty name."""
    rows = [_row(call) for call in AUDIT_CALLS if not step or step in call.steps]
    columns = ("call", "scope", "does", "why")
    shown = table(columns, rows, empty="This step calls nothing.")
    if len(rows) <= _SHORT:
        return shown
    return folded(f"{len(rows)} calls, each with the scope that it needs", shown)


def _row(call: Call) -> tuple[str, str, str, str]:
    kind = call.kind.value if not call.act else f"{call.kind.value}, if the policy turns it on"
    return call.name, call.scope or "any", kind, call.why
