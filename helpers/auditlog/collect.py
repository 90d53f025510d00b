"""Collect the local audit log (ours or the application's) and Intercom's activity log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from helpers.auditlog.partitions import Partitions
from helpers.auditlog.records import (
    ActivitySummary,
    AuditFacts,
    LogStatus,
    MirrorEvidence,
    QuestionResult,
    Review,
)
from helpers.core.context import Context
from helpers.core.errors import IntercomError, RunbookError
from helpers.core.model import Cause, Datum, Known, Unavailable

__all__ = ["collect"]

_CALL: Final = "GET /admins/activity_logs"


def collect(context: Context) -> AuditFacts:
    """Read both logs. Fetched activity stays in the state folder, so no day is fetched twice."""
    activity = _Activity(context)
    return AuditFacts(
        log=_log(context),
        activity=activity.summary,
        answers=activity.answers,
        reviews=_reviews(context),
        mirror=_mirror(context),
    )


class _Activity:
    """Intercom's activity log over the policy's period, queried once."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def summary(self) -> Datum[ActivitySummary]:
        return self._queried if isinstance(self._queried, Unavailable) else Known(self._queried[0])

    @property
    def answers(self) -> Datum[tuple[QuestionResult, ...]]:
        return self._queried if isinstance(self._queried, Unavailable) else Known(self._queried[1])

    @cached_property
    def _queried(self) -> tuple[ActivitySummary, tuple[QuestionResult, ...]] | Unavailable:
        from helpers.auditlog.activity import activity_pages, fetch
        from helpers.auditlog.questions import QuestionParameters, ask

        context = self._context
        end = context.clock()
        start = end - timedelta(days=context.policy.auditlog.lookback_days)
        partitions = Partitions(context.state / "activity")
        try:
            fetch(activity_pages(context.client), partitions, start, end, progress=context.progress)
            teammates = tuple(str(a.get("id") or "") for a in context.client.admins())
            parameters = QuestionParameters(start, end, teammates, _variables(context))
            return ask(partitions.files(), parameters)
        except RunbookError as error:
            return _unavailable(error)


def _variables(context: Context) -> Mapping[str, Any]:
    policy = context.policy
    return {
        "time_zone": policy.auditlog.timezone,
        "day_starts": policy.auditlog.working_hours[0],
        "day_ends": policy.auditlog.working_hours[1],
        "dormant_days": policy.access.dormant_days,
    }


def _unavailable(error: RunbookError) -> Unavailable:
    from helpers.core.errors import ConfigurationError

    missing = isinstance(error, ConfigurationError)
    call = error.call if isinstance(error, IntercomError) and error.call else _CALL
    cause = Cause.NOT_CONFIGURED if missing else Cause.FAILED
    return Unavailable(reason=f"{error.message} {error.advice}", call=call, cause=cause)


def _log(context: Context) -> Datum[LogStatus]:
    from helpers.auditlog.status import log_folder, status_of

    folder, source = log_folder(context.settings, context.state)
    try:
        return Known(status_of(folder, source, context.state, context.clock()))
    except OSError as error:
        reason = f"The audit log can't be read: {(error.strerror or 'unknown').lower()}."
        return Unavailable(reason=reason, call=source)
    except RunbookError as error:
        return Unavailable(reason=f"{error.message} {error.advice}", call=source)


def _mirror(context: Context) -> Datum[MirrorEvidence]:
    """The result of the mirror action, if it ran."""
    found = context.evidence
    if isinstance(found, Unavailable) and not context.policy.acts.mirror:
        reason = "Mirrors are off: `acts.mirror` in policy.toml turns them on."
        return Unavailable(reason=reason, call="POST /events, syslog", cause=Cause.OFF)
    return found


def _reviews(context: Context) -> Datum[tuple[Review, ...]]:
    from helpers.auditlog.review import reviews_in

    try:
        return Known(reviews_in(context.state / "audit"))
    except OSError as error:
        reason = f"The reviews can't be read: {(error.strerror or 'unknown').lower()}."
        return Unavailable(reason=reason, call="the runbook's own log")
