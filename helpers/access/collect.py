"""Collect who is in the workspace, how they sign in as far as the log shows, and its defences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from helpers.access.attestations import attested
from helpers.access.records import AccessFacts, SecurityEvent
from helpers.core.context import Context
from helpers.core.errors import CollectionError, ConfigurationError, RunbookError
from helpers.core.model import Cause, Datum, Known, Unavailable
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
_Log = tuple[Mapping[str, Any], ...]


def collect(context: Context) -> AccessFacts:
    """Read teammates, activity, allowlist, connectors and identity secrets. Nothing is changed."""
    log: Datum[_Log] = _read(context, "GET /admins/activity_logs", lambda c: _log(c, context))
    return AccessFacts(
        teammates=_read(context, "GET /admins", _teammates),
        last_seen=log if isinstance(log, Unavailable) else Known(_last_seen(log.value)),
        events=log if isinstance(log, Unavailable) else Known(_events(log.value)),
        identity_verification=_read(context, "GET /me", _identity_verification),
        identity_secrets=_read(context, "GET /secure_mode_secrets", _identity_secrets),
        allowlist=_read(context, "GET /ip_allowlist", _allowlist),
        connectors=_read(context, "GET /data_connectors", _connectors),
        attestations=attested(context.state),
    )


def _read(context: Context, call: str, read: Callable[[Client], T]) -> Datum[T]:
    try:
        return Known(read(context.client))
    except ConfigurationError as error:
        return Unavailable(reason=str(error), call=call, cause=Cause.NOT_CONFIGURED)
    except RunbookError as error:
        return Unavailable(reason=str(error), call=call)


def _teammates(client: Client) -> tuple[Teammate, ...]:
    return tuple(sorted(map(Teammate.from_api, client.admins()), key=lambda t: t.id))


def _log(client: Client, context: Context) -> _Log:
    since = context.clock() - timedelta(days=context.policy.access.dormant_days)
    return tuple(client.activity_logs(since))


def _last_seen(log: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, datetime], ...]:
    newest: dict[str, int] = {}
    for row in log:
        who = str((row.get("performed_by") or {}).get("id") or "")
        newest[who] = max(newest.get(who, 0), _seconds(row.get("created_at")))
    newest.pop("", None)
    return tuple((who, datetime.fromtimestamp(at, UTC)) for who, at in sorted(newest.items()))


def _events(log: Iterable[Mapping[str, Any]]) -> tuple[SecurityEvent, ...]:
    times: dict[str, list[int]] = defaultdict(list)
    for row in log:
        times[str(row.get("activity_type"))].append(_seconds(row.get("created_at")))
    return tuple(
        SecurityEvent(
            kind=kind,
            count=len(times[kind]),
            newest=datetime.fromtimestamp(max(times[kind]), UTC),
        )
        for kind in WATCHED
        if times[kind]
    )


def _identity_verification(client: Client) -> bool:
    return _flag(client.me().get("app"), "identity_verification", "GET /me: app")


def _identity_secrets(client: Client) -> tuple[IdentitySecret, ...]:
    return tuple(
        IdentitySecret(
            id=str(one.get("id")),
            name=str(one.get("name") or ""),
            created_at=_time(one.get("created_at")),
            web=_said(one.get("supports_web")),
            ios=_said(one.get("supports_ios")),
            android=_said(one.get("supports_android")),
        )
        for one in client.identity_secrets()
    )


def _allowlist(client: Client) -> Allowlist:
    body = client.ip_allowlist()
    entries = body.get("ip_allowlist")
    if not isinstance(entries, list):
        raise _not_understood("GET /ip_allowlist", "ip_allowlist", "a list")
    enabled = _flag(body, "enabled", "GET /ip_allowlist")
    return Allowlist(enabled=enabled, entries=tuple(str(e) for e in entries))


def _connectors(client: Client) -> tuple[Connector, ...]:
    """Each by itself, as the list does not say how they authenticate."""
    ids = [str(one.get("id")) for one in client.data_connectors()]
    return tuple(_connector(client.data_connector(one)) for one in sorted(ids))


def _connector(body: Mapping[str, Any]) -> Connector:
    headers, tokens = body.get("headers") or (), body.get("token_ids")
    return Connector(
        id=str(body.get("id")),
        name=str(body.get("name") or ""),
        url=_address(str(body.get("url") or "")),
        state=str(body.get("state") or ""),
        headers=tuple(str(h.get("name")) for h in headers if isinstance(h, dict)),
        token_ids=tuple(map(str, tokens)) if isinstance(tokens, list) else None,
        customer_authentication=_said(body.get("customer_authentication")),
        bypass_authentication=_said(body.get("bypass_authentication")),
    )


def _said(value: object) -> bool | None:
    """What Intercom says with true or false; anything else says nothing, "false" least of all."""
    return value if isinstance(value, bool) else None


def _flag(body: object, field: str, call: str) -> bool:
    value = body.get(field) if isinstance(body, Mapping) else None
    if not isinstance(value, bool):
        raise _not_understood(call, field, "true or false")
    return value


def _not_understood(call: str, field: str, wanted: str) -> CollectionError:
    return CollectionError(
        f"{call} does not report {field} as {wanted}.", "Check the setting in Intercom by hand."
    )


def _time(value: object) -> datetime | None:
    seconds = _seconds(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _address(url: str) -> str:
    """A URL without what may hold a credential: user name, password and query."""
    scheme, mark, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def _seconds(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
