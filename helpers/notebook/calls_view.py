"""The calls that a step, or a whole audit, may make: shown before any is made."""

from __future__ import annotations

from helpers.core.view import View, table
from helpers.intercom.calls import AUDIT_CALLS, Call

__all__ = ["calls_of"]


def calls_of(step: str) -> View:
    """The calls of one step; of the whole audit for an empty name."""
    rows = [_row(call) for call in AUDIT_CALLS if not step or step in call.steps]
    columns = ("call", "scope", "does", "why")
    return table(columns, rows, empty="This step calls nothing.")


def _row(call: Call) -> tuple[str, str, str, str]:
    kind = call.kind.value if not call.act else f"{call.kind.value}, if the policy turns it on"
    return call.name, call.scope or "any", kind, call.why
