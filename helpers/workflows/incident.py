"""The report on a stolen key: its exposure, its rotation, and what happened in the meantime.

It joins three rooms. The exposure scan says since when the key could be read. The ledger says how
and when it was revoked and replaced, and how long there was no live key. Intercom's activity log
says what was done in the workspace since the first exposure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from helpers.core.context import Context
from helpers.core.errors import CollectionError, ConfigurationError, UsageError
from helpers.core.model import Datum, Known, Partial, Unavailable
from helpers.exposure.records import LeakedSecret
from helpers.intercom.answers import Activity, ActivityActor
from helpers.intercom.listing import Listing
from helpers.report.markdown import code, escape
from helpers.rotation.ages import parse_time
from helpers.rotation.ledger import LedgerEntry, LedgerEvent
from helpers.rotation.session import open_ledger
from helpers.rotation.transitions import State

__all__ = [
    "Incident",
    "WorkspaceActivity",
    "activity_section",
    "activity_since",
    "collect_incident",
    "incident_report",
]

_MAX_LOOK_BACK: Final = timedelta(days=400)
_MAX_ROWS: Final = 200
# What a thief does in a workspace, as types of Intercom's activity log.
_SUSPICIOUS: Final = frozenset(
    {
        "admin_impersonation_start",
        "admin_invite_creation",
        "admin_login_failure",
        "admin_login_success",
        "admin_permission_change",
        "admin_provisioned",
        "admin_two_factor_auth_change",
        "app_admin_join",
        "app_authentication_method_change",
        "app_data_deletion",
        "app_data_export",
        "app_identity_verification_change",
        "app_package_installation",
        "app_package_token_regeneration",
        "app_package_uninstallation",
        "app_webhook_creation",
        "app_webhook_deletion",
        "bulk_delete",
        "bulk_export",
        "conversation_pdf_export",
        "custom_authentication_token_creation",
        "messenger_api_secret_creation",
        "messenger_api_secret_deletion",
        "oauth_token_revocation",
        "role_change",
        "role_creation",
        "security_settings_change",
        "trusted_domains_setting_change",
        "workspace_deletion_request",
    }
)


@dataclass(frozen=True)
class WorkspaceActivity:
    """Intercom's log since the first exposure: a count of each type, and the suspicious rows."""

    counts: Mapping[str, int]
    suspicious: tuple[Activity, ...]
    more: int = 0  # suspicious rows that were not kept


@dataclass(frozen=True)
class Incident:
    """One compromised key. Times are UTC."""

    entry: LedgerEntry
    events: tuple[LedgerEvent, ...]
    leaks: Datum[tuple[LeakedSecret, ...]]
    since: datetime
    until: datetime
    activity: Datum[WorkspaceActivity]

    def moved(self, state: State) -> datetime | None:
        """When the rotation reached a state."""
        found = [e.at for e in self.events if (e.what, e.name) == ("move", state)]
        return parse_time(found[-1]) if found else None

    @property
    def gap(self) -> timedelta | None:
        """How long there was no live key; None while the gap lasts, or if there was none."""
        start, end = self.moved(State.REVOKED), self.moved(State.SWAPPED)
        return end - start if start and end and end >= start else None


def collect_incident(context: Context, variable: str) -> Incident:
    """Collect exposure, ledger and activity for the last compromised rotation of a variable.

    Raises UsageError where there was none, and StateError.
    """
    with open_ledger(context) as ledger:
        stolen = [e for e in ledger.entries() if e.variable == variable and e.compromised]
        if not stolen:
            key = variable.removeprefix("INTERCOM_").lower().replace("_", "-")
            raise UsageError(
                f"No rotation of {variable} was started with --compromised.",
                f"Start one first: `runbook rotate {key} --compromised`.",
            )
        entry, events = stolen[-1], ledger.events(stolen[-1])
    now, leaks = context.clock(), _leaks(context, entry)
    since = max(_first(leaks) or _default_start(context, entry), now - _MAX_LOOK_BACK)
    return Incident(entry, events, leaks, since, now, activity_since(context, since))


def _leaks(context: Context, entry: LedgerEntry) -> Datum[tuple[LeakedSecret, ...]]:
    from helpers.exposure.collect import collect

    found = collect(context).leaks
    if isinstance(found, Unavailable):
        return found
    return Known(tuple(leak for leak in found.value if leak.fingerprint == entry.old_fingerprint))


def _first(leaks: Datum[tuple[LeakedSecret, ...]]) -> datetime | None:
    known = leaks.value if isinstance(leaks, Known) else ()
    return min((leak.first for leak in known if leak.first), default=None)


def _default_start(context: Context, entry: LedgerEntry) -> datetime:
    """Where the first exposure is unknown: the policy's look-back before the response."""
    return parse_time(entry.opened_at) - timedelta(days=context.policy.auditlog.lookback_days)


def activity_since(context: Context, since: datetime) -> Datum[WorkspaceActivity]:
    """Read Intercom's log once, as a stream: a year of it may not fit into memory."""
    counts, suspicious, more = Counter[str](), list[Activity](), 0
    try:
        found: Listing[Activity] = context.client.activity_logs(since)
        for row in found:
            counts[row.activity_type] += 1
            if row.activity_type in _SUSPICIOUS:
                more += len(suspicious) == _MAX_ROWS
                suspicious += [row] if len(suspicious) < _MAX_ROWS else []
    except (CollectionError, ConfigurationError) as error:
        return Unavailable(reason=str(error), call="POST /admins/activity_logs/search")
    return found.datum(WorkspaceActivity(counts, tuple(suspicious), more))


def incident_report(incident: Incident) -> str:
    """The incident report, as Markdown. Names from the workspace are escaped."""
    return "\n".join(_lines(incident)) + "\n"


def _lines(incident: Incident) -> Iterator[str]:
    entry = incident.entry
    yield f"# Incident: {entry.variable} was compromised"
    yield ""
    yield f"- Key: {code(entry.old_fingerprint)}, replaced by {_or_none(entry.new_fingerprint)}"
    yield f"- Response started by {escape(entry.actor)} on {entry.opened_at}"
    yield f"- The response is at {entry.state}. {escape(entry.reason)}".rstrip()
    yield f"- {_gap(incident)}"
    yield from ("", "## Where the key was exposed", "")
    yield from _exposure(incident)
    yield from ("", "## What was done", "")
    yield from (
        f"- {e.at} {e.what}: {escape(e.name)}, by {escape(e.actor)}" for e in incident.events
    )
    yield from ("", f"## What happened in the workspace since {incident.since:%Y-%m-%d}", "")
    yield from activity_section(incident.activity)


def _or_none(fingerprint: str) -> str:
    return code(fingerprint) if fingerprint else "none yet"


def _gap(incident: Incident) -> str:
    if incident.moved(State.REVOKED) is None:
        return "THE KEY IS NOT PROVEN DEAD YET: revoke it first."
    if incident.gap is None:
        return "No live key is in use yet: the gap continues."
    return f"No live key was in use for {int(incident.gap.total_seconds() // 60)} minutes."


def _exposure(incident: Incident) -> Iterator[str]:
    if isinstance(incident.leaks, Unavailable):
        yield f"Not checked: {escape(incident.leaks.reason)}"
        return
    if not incident.leaks.value:
        yield "The scanned repository does not contain this key: it was exposed in another way."
    for leak in incident.leaks.value:
        for place in leak.places:
            when = f"{place.first:%Y-%m-%d %H:%M}" if place.first else "time unknown"
            by = f", by {escape(place.author)}" if place.author else ""
            yield f"- {when}: {code(place.where)} ({place.kind}){by} {place.commit[:12]}".rstrip()


def activity_section(activity: Datum[WorkspaceActivity]) -> Iterator[str]:
    """What happened in the workspace, as lines of Markdown."""
    if isinstance(activity, Unavailable):
        yield f"Not checked: {escape(activity.reason)}"
        yield ""
        yield "Use a token with the scope `read_admins`, then create this report again."
        return
    if isinstance(activity, Partial):
        yield from (f"Only partly read: {escape(activity.reason)}", "")
    seen = activity.value
    yield f"{sum(seen.counts.values())} rows. By type: " + ", ".join(
        f"{escape(kind)} {count}" for kind, count in sorted(seen.counts.items())
    )
    yield from ("", "| When (UTC) | Who | From | What |", "|---|---|---|---|")
    yield from (_row(row) for row in seen.suspicious)
    if seen.more:
        yield from ("", f"{seen.more} more are in the activity log (notebook 08).")


def _row(row: Activity) -> str:
    who = row.performed_by or ActivityActor()
    at = datetime.fromtimestamp(row.created_at, UTC)
    cells = (who.email, who.ip, row.activity_description)
    texts = " | ".join(escape(cell or "–") for cell in cells)
    return f"| {at:%Y-%m-%d %H:%M} | {texts} |"
