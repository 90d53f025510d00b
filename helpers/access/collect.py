"""Collect who is in the workspace, how they sign in as far as the log shows, and its defences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from helpers.access.attestations import attested
from helpers.access.records import AccessFacts, SecurityEvent
from helpers.core.context import Context
from helpers.core.errors import (
    CollectionError,
    ConfigurationError,
    RunbookError,
    UnreadableAnswerError,
)
from helpers.core.model import Cause, Datum, Known, Partial, Unavailable
from helpers.intercom.answers import Activity, ConnectorDetail, ListedSecret
from helpers.intercom.client import Client
from helpers.intercom.records import Allowlist, Connector, IdentitySecret, Teammate

__all__ = ["WATCHED", "collect"]

T = TypeVar("T")
# kinds of event that somebody should be able to explain
WATCHED: Final = (
    "admin_impersonation_start",
    "admin_login_failure",
    "admin_two_factor_auth_change",
    "admin_unauthorized_sign_in_method",
    "app_authentication_method_change",
    "app_google_sso_domain_change",
    "app_identity_verification_change",
    "security_settings_change",
    "trusted_domains_setting_change",
)


def collect(context: Context) -> AccessFacts:
    """Read teammates, activity, allowlist, connectors and identity secrets. Nothing is changed."""
    log = _read(context, "POST /admins/activity_logs/search", lambda c: _log(c, context))
    return AccessFacts(
        teammates=_read(context, "GET /admins", _teammates),
        last_seen=log.map(_last_seen),
        events=_known_events(log),
        identity_verification=_read(context, "GET /me", _identity_verification),
        identity_secrets=_read(context, "GET /secure_mode_secrets", _identity_secrets),
        allowlist=_read(context, "GET /ip_allowlist", _allowlist),
        connectors=_read(context, "GET /data_connectors", _connectors),
        attestations=attested(context.state),
    )


def _read(
    context: Context, call: str, read: Callable[[Client], Known[T] | Partial[T]]
) -> Known[T] | Partial[T] | Unavailable:
    try:
        return read(context.client)
    except ConfigurationError as error:
        return Unavailable(reason=str(error), call=call, cause=Cause.NOT_CONFIGURED)
    except RunbookError as error:
        return Unavailable(reason=str(error), call=call)


def _teammates(client: Client) -> Known[tuple[Teammate, ...]] | Partial[tuple[Teammate, ...]]:
    found = client.admins()
    return found.datum(tuple(sorted(map(Teammate.of, found), key=lambda t: t.id)))


@dataclass
class _Log:
    """What is needed of the activity log, which may be too long to keep: newest times, counts."""

    newest: dict[str, int] = field(default_factory=dict)  # by teammate
    times: dict[str, tuple[int, int]] = field(default_factory=dict)  # by kind: count, newest

    def add(self, row: Activity) -> None:
        who = (row.performed_by and row.performed_by.id) or ""
        if row.activity_type != "admin_login_failure":  # anybody can cause one
            self.newest[who] = max(self.newest.get(who, 0), row.created_at)
        count, newest = self.times.get(row.activity_type, (0, 0))
        self.times[row.activity_type] = count + 1, max(newest, row.created_at)


def _log(client: Client, context: Context) -> Known[_Log] | Partial[_Log]:
    since = context.clock() - timedelta(days=context.policy.access.dormant_days)
    found, log = client.activity_logs(since), _Log()
    for row in found:
        log.add(row)
    return found.datum(log)


def _last_seen(log: _Log) -> tuple[tuple[str, datetime], ...]:
    seen = sorted((who, at) for who, at in log.newest.items() if who)
    return tuple((who, datetime.fromtimestamp(at, UTC)) for who, at in seen)


def _known_events(log: Datum[_Log]) -> Datum[tuple[SecurityEvent, ...]]:
    """Partial where the log holds no row at all: a workspace in use has log-ins."""
    if isinstance(log, Known) and not log.value.times:
        reason = "There is no row in the period, not even a log-in."
        return Partial((), reason, "GET /admins/activity_logs")
    return log.map(_events)


def _events(log: _Log) -> tuple[SecurityEvent, ...]:
    return tuple(
        SecurityEvent(kind=kind, count=count, newest=datetime.fromtimestamp(newest, UTC))
        for kind in WATCHED
        for count, newest in [log.times.get(kind, (0, 0))]
        if count
    )


def _identity_verification(client: Client) -> Known[bool]:
    said = client.me().app.identity_verification
    if said is None:
        what = "it does not say with true or false whether identity verification is on"
        raise UnreadableAnswerError("GET /me", what, field="app.identity_verification")
    return Known(said)


_Secrets = tuple[IdentitySecret, ...]


def _identity_secrets(client: Client) -> Known[_Secrets] | Partial[_Secrets]:
    found = client.identity_secrets()
    return found.datum(tuple(map(_secret, found)))


def _secret(found: ListedSecret) -> IdentitySecret:
    return IdentitySecret(
        id=found.id,
        name=found.name or "",
        created_at=datetime.fromtimestamp(found.created_at, UTC),
        web=found.supports_web,
        ios=found.supports_ios,
        android=found.supports_android,
    )


def _allowlist(client: Client) -> Known[Allowlist]:
    found = client.ip_allowlist()
    return Known(Allowlist(enabled=found.enabled, entries=found.ip_allowlist))


def _connectors(client: Client) -> Known[tuple[Connector, ...]] | Partial[tuple[Connector, ...]]:
    """Each by itself, as the list does not say how they authenticate."""
    listed, details = client.data_connectors(), []
    for summary in listed:
        try:
            details.append(_connector(client.data_connector(summary.id)))
        except CollectionError as error:
            listed.lose(error, f"data_connectors/{summary.id}")
    return listed.datum(tuple(sorted(details, key=lambda connector: connector.id)))


def _connector(found: ConnectorDetail) -> Connector:
    return Connector(
        id=found.id,
        name=found.name or "",
        url=_address(found.url or ""),
        state=found.state,
        headers=tuple(header.name for header in found.headers or ()),
        token_ids=found.token_ids,
        customer_authentication=found.customer_authentication,
        bypass_authentication=found.bypass_authentication,
    )


def _address(url: str) -> str:
    """A URL without what may hold a credential: user name, password and query."""
    scheme, mark, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"
