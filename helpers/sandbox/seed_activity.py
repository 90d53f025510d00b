"""The past of a seeded workspace: ordinary days, milestones, and a planted takeover.

Only the description of a regeneration names its app: Intercom documents no metadata for it.
"""

from __future__ import annotations

from random import Random
from typing import Final

from helpers.sandbox.people import MAYA, SERVICE_ACCOUNT
from helpers.sandbox.workspace import JsonObject, SandboxWorkspace

__all__ = ["STOLEN", "issued", "milestones", "ordinary_days", "takeover"]

STOLEN: Final = "Nightly export"  # the app whose token the intruder regenerates
_DAY: Final = 86_400
_MINUTE: Final = 60
_WEEKEND: Final = 5  # Monday is 0
_OFFICE: Final = "198.51.100."
_ELSEWHERE: Final = "203.0.113.77"
_RUTH: Final = "991267402"
_JONAS: Final = "991267408"
_ABSENT: Final = (_JONAS, SERVICE_ACCOUNT)  # neither logs in


def ordinary_days(workspace: SandboxWorkspace, *, days: int) -> None:
    """Log-ins, log-outs and small changes on working days, from each teammate's usual address."""
    dice = Random(f"ordinary/{workspace.seed}")  # noqa: S311 - a story, not a secret
    midnight = workspace.now - workspace.now % _DAY
    people = [a for a in workspace.admins.values() if _works(a)]
    for day in range(midnight - days * _DAY, midnight, _DAY):
        if (day // _DAY + 3) % 7 < _WEEKEND:  # the epoch was a Thursday
            for admin in people:
                _working_day(workspace, admin, day, dice)


def _works(admin: JsonObject) -> bool:
    return admin["id"] not in _ABSENT and admin.get("active", True)


def _working_day(workspace: SandboxWorkspace, admin: JsonObject, day: int, dice: Random) -> None:
    """A working day about every other day, between 8:00 and 17:30."""
    logs_in, changes, logs_out = dice.random(), dice.random(), dice.random()
    start = day + 8 * 3600 + int(logs_in * 12_000)
    if logs_in < 0.45:  # noqa: PLR2004
        _write(workspace, admin, "admin_login_success", start, "successfully logged in.")
        if changes < 0.2:  # noqa: PLR2004
            at = start + int(changes * 20 * 3600)
            _write(workspace, admin, "macro_update", at, "changed a macro.")
        if logs_out < 0.5:  # noqa: PLR2004
            end = day + 16 * 3600 + int(logs_out * 10_000)
            _write(workspace, admin, "admin_logout", end, "logged out.")


def issued(workspace: SandboxWorkspace) -> None:
    """Log the installation of each app and the creation of its token."""
    maya = workspace.admins[MAYA]
    for app in workspace.apps.values():
        for kind, at, what in (
            ("app_package_installation", app.created_at, "installed"),
            (_REGENERATION, app.token.created_at, "regenerated the access token of"),
        ):
            _write(workspace, maya, kind, at, f"{what} {app.name}.")


_REGENERATION: Final = "app_package_token_regeneration"


def milestones(workspace: SandboxWorkspace) -> None:
    """Log the events that happened once."""
    issued(workspace)
    maya = workspace.admins[MAYA]
    for days, kind, what in (
        (395, "messenger_api_secret_creation", "created the Messenger API secret Production web."),
        (130, "admin_login_success", "successfully logged in."),  # Jonas, for the last time
        (110, "role_change", "changed the role of Tomás Ferreira to Support lead."),
        (70, "admin_deletion", "removed Sam Doyle from the workspace."),
        (61, "admin_permission_change", "gave Priya Natarajan custom permissions."),
        (33, "admin_invite_creation", "invited alex@contractor.example.net."),
        (10, "admin_impersonation_consent_approved", "let Intercom's support look in."),
    ):
        who = workspace.admins[_JONAS] if kind == "admin_login_success" else maya
        _write(workspace, who, kind, workspace.now - days * _DAY + 75 * _MINUTE, what)


def takeover(workspace: SandboxWorkspace) -> None:
    """A takeover at night: guessed password, log-in, two-factor off, exports; then recovery.

    The new token and the webhook go unnoticed and remain.
    """
    ruth = workspace.admins[_RUTH]
    night = workspace.now - workspace.now % _DAY - 12 * _DAY + 2 * 3600
    for minute in (11, 12, 13, 15, 16, 18, 19):
        at = night + minute * _MINUTE
        _write(workspace, ruth, "admin_login_failure", at, "failed to log in.", ip=_ELSEWHERE)
    for minute, kind, what, about in (
        (
            23,
            "admin_login_success",
            "successfully logged in.",
            {"sign_in_method": "email_password"},
        ),
        (26, "admin_two_factor_auth_change", "disabled two-factor authentication.", {}),
        (31, _REGENERATION, f"regenerated the access token of {STOLEN}.", {}),
        (34, "app_webhook_creation", "created a webhook to https://collector.example.net/.", {}),
        (38, "bulk_export", "exported 18,204 contacts.", {}),
        (44, "app_data_export", "exported conversation data.", {}),
        (51, "admin_logout", "logged out.", {}),
    ):
        at = night + minute * _MINUTE
        _write(workspace, ruth, kind, at, what, ip=_ELSEWHERE, metadata=about)
    for minute, kind, what in (
        (2, "admin_password_reset_request", "asked for a password reset."),
        (5, "admin_password_reset_success", "reset their password."),
        (9, "admin_two_factor_auth_change", "enabled two-factor authentication."),
    ):
        _write(workspace, ruth, kind, night + 31 * 3600 + minute * _MINUTE, what)
    _steal(workspace, at=night + 31 * _MINUTE)


def _steal(workspace: SandboxWorkspace, *, at: int) -> None:
    app = next(app for app in workspace.apps.values() if app.name == STOLEN)
    app.regenerate(at)


def _write(
    workspace: SandboxWorkspace,
    admin: JsonObject,
    kind: str,
    at: int,
    what: str,
    *,
    ip: str = "",
    metadata: JsonObject | None = None,
) -> None:
    usual = f"{_OFFICE}{int(admin['id']) % 100}"
    text = f"{admin['name']} {what}"
    workspace.activity.record(kind, text, at=at, by=admin, ip=ip or usual, metadata=metadata)
