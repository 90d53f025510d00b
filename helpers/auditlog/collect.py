"""Collect the local audit log (ours or the application's) and Intercom's activity log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

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
from helpers.core.model import Cause, Datum, Known, Partial, Unavailable
from helpers.intercom.answers import Admin
from helpers.intercom.listing import Listing
from helpers.system.state import first_audit

if TYPE_CHECKING:
    from helpers.auditlog.partitions import Partitions

__all__ = ["collect"]

_ACTIVITY: Final = "POST /admins/activity_logs/search"
_ADMINS: Final = "GET /admins"


def collect(context: Context) -> AuditFacts:
    """Read both logs. Fetched activity is kept in the state folder, so no day is fetched twice."""
    teammates = _teammates(context)
    asked = _asked(context, teammates)
    return AuditFacts(
        log=_log(context),
        activity=asked.map(lambda found: found[0]),
        answers=asked.map(lambda found: found[1]),
        teammates=teammates,
        reviews=_reviews(context, asked),
        mirror=_mirror(context),
        first_audit=first_audit(context),
    )


_Asked = tuple[ActivitySummary, tuple[QuestionResult, ...]]


def _asked(context: Context, teammates: Datum[tuple[str, ...]]) -> Datum[_Asked]:
    """Intercom's activity log over the policy's period, and the answers it gives.

    Partial if a row was not understood, pages are missing, most rows are of types that nobody
    knows, or there is no row at all: a workspace in use has log-ins.
    """
    from helpers.auditlog.activity import fetch
    from helpers.auditlog.paging import activity_pages
    from helpers.auditlog.questions import QuestionParameters, ask
    from helpers.intercom.activity_types import activity_types, strange_types

    end = context.clock()
    start = end - timedelta(days=context.policy.auditlog.lookback_days)
    known = () if isinstance(teammates, Unavailable) else teammates.value
    try:
        partitions = _partitions(context)
        pages = activity_pages(context.client)
        done = fetch(pages, partitions, start, end, progress=context.progress)
        with partitions.reading() as files:
            found = ask(files, QuestionParameters(start, end, known, _variables(context)))
    except RunbookError as error:
        return _unavailable(error, _ACTIVITY)
    empty = "" if found[0].rows else "There is no row in the period, not even a log-in."
    kinds = {one.name: one.count for one in found[0].types}
    strange = strange_types(kinds, activity_types())
    gaps = " ".join(filter(None, [done.gaps, empty, strange and f"{strange}."]))
    return Partial(found, gaps, _ACTIVITY) if gaps else Known(found)


def _partitions(context: Context) -> Partitions:
    from helpers.auditlog.paging import workspace_of
    from helpers.auditlog.partitions import Partitions

    return Partitions.of_workspace(context.state, workspace_of(context.client))


def _teammates(context: Context) -> Datum[tuple[str, ...]]:
    """The ids of today's teammates; there is always one, whose token this is."""
    try:
        found: Listing[Admin] = context.client.admins()
        ids = tuple(one.id for one in found)
    except RunbookError as error:
        return _unavailable(error, _ADMINS)
    if not ids:
        return Unavailable(reason="The list of teammates is empty.", call=_ADMINS)
    return found.datum(ids)


def _variables(context: Context) -> Mapping[str, Any]:
    policy = context.policy
    return {
        "time_zone": policy.auditlog.timezone,
        "day_starts": policy.auditlog.day[0],
        "day_ends": policy.auditlog.day[1],
        "dormant_days": policy.access.dormant_days,
    }


def _unavailable(error: RunbookError, default: str) -> Unavailable:
    from helpers.core.errors import ConfigurationError

    missing = isinstance(error, ConfigurationError)
    call = error.call if isinstance(error, IntercomError) and error.call else default
    cause = Cause.NOT_CONFIGURED if missing else Cause.FAILED
    return Unavailable(reason=f"{error.message} {error.advice}", call=call, cause=cause)


def _log(context: Context) -> Datum[LogStatus]:
    from helpers.auditlog.status import log_folder, other_folders, status_of

    folder, source = log_folder(context.settings, context.state)
    try:
        others = other_folders(context.settings, context.state)
        return Known(status_of(folder, source, context.state, context.clock(), others))
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


def _reviews(context: Context, asked: Datum[_Asked]) -> Datum[tuple[Review, ...]]:
    """The reviews in the runbook's own log, which is verified even if another log is judged.

    Unless the activity log is unavailable, they are compared with what is there now.
    """
    from helpers.auditlog.expected import verify_expected
    from helpers.auditlog.review import compared, reviews_in
    from helpers.auditlog.status import OWN_LOG, log_folder

    own = context.state / "audit"
    judged = log_folder(context.settings, context.state)[0]
    others = () if judged == own else (judged,)
    try:
        found = verify_expected(own, OWN_LOG, context.state, context.clock(), others=others)
        if found and found.first_bad:
            reason = f"The log that holds the reviews is {found.verdict}: {found.problem}"
            return Unavailable(reason=reason, call=OWN_LOG)
        signed = reviews_in(own)
        if not signed or isinstance(asked, Unavailable):
            return Known(signed)
        with _partitions(context).reading() as files:
            return Known(compared(signed, context.state, files))
    except OSError as error:
        reason = f"The reviews can't be read: {(error.strerror or 'unknown').lower()}."
        return Unavailable(reason=reason, call=OWN_LOG)
    except RunbookError as error:
        return Unavailable(reason=f"{error.message} {error.advice}", call=OWN_LOG)
