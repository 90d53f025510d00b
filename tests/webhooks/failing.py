"""What went wrong in a run of the battery, for tests to compare."""

from __future__ import annotations

from helpers.webhooks.records import BatteryResult, CaseOutcome


def failing(result: BatteryResult) -> set[str]:
    """The requests that failed; a case that sends none of its own counts by its id."""
    wrong = [case for case in result.cases if case.outcome is CaseOutcome.FAIL]
    own = {v.name for case in wrong for v in case.failing if v.name.startswith(case.id)}
    return own | {case.id for case in wrong if not any(n.startswith(case.id) for n in own)}
