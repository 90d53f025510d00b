"""Judge one check on made-up facts, as the runbook would."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from helpers.core.catalog import Check
from helpers.core.judge import judge
from helpers.core.model import Cause, Finding, Known, Partial, Snapshot, Status, Unavailable
from helpers.core.policy import Policy
from helpers.core.steps import step_named

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def verdicts(check: Check, *, policy: Policy | None = None, **data: Any) -> tuple[Finding, ...]:
    """The findings of a check; `data` are values, or Unavailable ones."""
    facts: Any = step_named(check.step).load("facts")
    known = {k: v if isinstance(v, (Partial, Unavailable)) else Known(v) for k, v in data.items()}
    snapshot: Any = Snapshot.model_construct(
        step=check.step,
        profile="production",
        taken_at=NOW,
        facts=facts.model_construct(**known),
    )
    return judge(snapshot, [check], policy or Policy(), NOW)


def statuses(check: Check, *, policy: Policy | None = None, **data: Any) -> list[Status]:
    """The statuses alone, in the order of the resources."""
    return [finding.status for finding in verdicts(check, policy=policy, **data)]


def off(reason: str = "Nobody said where.") -> Unavailable:
    """A datum that is not configured."""
    return Unavailable(reason=reason, call="a setting", cause=Cause.NOT_CONFIGURED)


def unreadable(call: str = "GET /somewhere") -> Unavailable:
    """A datum that could not be read."""
    return Unavailable(reason="It did not answer.", call=call)
