"""The past of a seeded workspace: ordinary days, milestones, and a planted takeover.

Which app a regeneration concerns stands in the row's description, as Intercom's documentation names
no metadata for it; `app_package_name` in the metadata is the sandbox's own.
"""

from __future__ import annotations

from random import Random
from typing import Final

from helpers.sandbox.workspace import Item, Workspace

__all__ = ["issued", "milestones", "ordinary_days", "takeover"]

_DAY: Final = 86_400
_MINUTE: Final = 60
_OFFICE: Final = "198.51.100."
_ELSEWHERE: Final = "203.0.113.77"
_MAYA: Final = "991267401"
_RUTH: Final = "991267402"
_DORMANT: Final = ("991267408", "991267406")  # Jonas, and the service account


def ordinary_days(workspace: Workspace, *, days: int) -> None:
    """Log-ins, log-outs and small changes on working days, from each teammate's usual address."""
    dice = Random(f"ordinary/{workspace.seed}")  # noqa: S311 - a story, not a secret
    midnight = workspace.now - workspace.now % _DAY
    people = [a for a in workspace.admins.values() if a["id"] not in _DORMANT]
    for back in range(days, 0, -1):
        day = midnight - back * _DAY
        if (day // _DAY + 3) % 7 >= 5:  # the epoch was a Thursday  # noqa: PLR2004
            continue
        for admin in people:
            if admin.get("active", True) and dice.random() < 0.45:  # noqa: PLR2004
                _working_day(workspace, admin, day, dice)


def _working_day(workspace: Workspace, admin: Item, day: int, dice: Random) -> None:
    start = day + 8 * 3600 + int(dice.random() * 5400)
    name, ip = admin["name"], _usual(admin)
    _write(workspace, admin, "admin_login_success", start, f"{name} successfully logged in.", ip)
    if dice.random() < 0.2:  # noqa: PLR2004
        at = start + int(dice.random() * 6 * 3600)
        text = f"{name} changed a macro."
        _write(workspace, admin, "macro_update", at, text, ip)
    if dice.random() < 0.5:  # noqa: PLR2004
        end = day + 16 * 3600 + int(dice.random() * 7200)
        _write(workspace, admin, "admin_logout", end, f"{name} logged out.", ip)


def issued(workspace: Workspace) -> None:
    """When the apps came in and their tokens were made, as the log tells it."""
    maya = workspace.admins[_MAYA]
    for app in workspace.apps.values():
        about = {"app_package_name": app.name}
        installed = f"Maya Lindqvist installed {app.name}."
        made = f"Maya Lindqvist regenerated the access token of {app.name}."
        ip = _usual(maya)
        _write(workspace, maya, "app_package_installation", app.created_at, installed, ip, about)
        if app.token.created_at != app.created_at:
            at = app.token.created_at
            _write(workspace, maya, "app_package_token_regeneration", at, made, ip, about)


def milestones(workspace: Workspace) -> None:
    """What happened once."""
    issued_by_takeover = [a for a in workspace.apps.values() if a.name == "Nightly export"]
    for app in issued_by_takeover:
        del workspace.apps[app.id]
    issued(workspace)
    workspace.apps |= {app.id: app for app in issued_by_takeover}
    now, maya = workspace.now, workspace.admins[_MAYA]
    for days, kind, text in (
        (395, "messenger_api_secret_creation", "created a Messenger API secret."),
        (110, "role_change", "changed the role of Tomás Ferreira to Support lead."),
        (70, "admin_deletion", "removed Sam Doyle from the workspace."),
        (61, "admin_permission_change", "gave Priya Natarajan custom permissions."),
        (33, "admin_invite_creation", "invited alex@contractor.example.net."),
        (10, "admin_impersonation_consent_approved", "let Intercom support look in."),
    ):
        at = now - days * _DAY + 75 * _MINUTE
        _write(workspace, maya, kind, at, f"Maya Lindqvist {text}", _usual(maya))


def takeover(workspace: Workspace) -> None:
    """An account is taken at night: guessed, entered, disarmed, and emptied."""
    ruth = workspace.admins[_RUTH]
    night = workspace.now - workspace.now % _DAY - 12 * _DAY + 2 * 3600
    export = {"app_package_name": "Nightly export"}
    for minute in (11, 12, 13, 15, 16, 18, 19):
        at, text = night + minute * _MINUTE, "Ruth Okafor failed to log in."
        _write(workspace, ruth, "admin_login_failure", at, text, _ELSEWHERE)
    for minute, kind, text, about in (
        (
            23,
            "admin_login_success",
            "successfully logged in.",
            {"sign_in_method": "email_password"},
        ),
        (26, "admin_two_factor_auth_change", "disabled two-factor authentication.", {}),
        (
            31,
            "app_package_token_regeneration",
            "regenerated the access token of Nightly export.",
            export,
        ),
        (34, "app_webhook_creation", "created a webhook to https://collector.example.net/in.", {}),
        (38, "bulk_export", "exported 18,204 contacts.", {}),
        (44, "app_data_export", "exported conversation data.", {}),
        (51, "admin_logout", "logged out.", {}),
    ):
        at = night + minute * _MINUTE
        _write(workspace, ruth, kind, at, f"Ruth Okafor {text}", _ELSEWHERE, about)
    morning = night + 31 * 3600
    for minute, kind, text in (
        (2, "admin_password_reset_request", "asked for a password reset."),
        (5, "admin_password_reset_success", "reset their password."),
        (9, "admin_two_factor_auth_change", "enabled two-factor authentication."),
    ):
        at = morning + minute * _MINUTE
        _write(workspace, ruth, kind, at, f"Ruth Okafor {text}", _usual(ruth))


def _usual(admin: Item) -> str:
    return _OFFICE + admin["id"][-2:].lstrip("0")


def _write(
    workspace: Workspace,
    admin: Item,
    kind: str,
    at: int,
    text: str,
    ip: str,
    metadata: Item | None = None,
) -> None:
    workspace.activity.record(kind, text, at=at, by=admin, ip=ip, metadata=metadata)
