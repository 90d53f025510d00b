"""The teammates that every seeded workspace has, and the apps they installed."""

from __future__ import annotations

from typing import Final

from helpers.sandbox import tokens
from helpers.sandbox.apps import SandboxApp, Token
from helpers.sandbox.workspace import JsonObject, SandboxWorkspace

__all__ = ["MAYA", "READER_SCOPES", "SERVICE_ACCOUNT", "add_staff", "install", "teammate"]

MAYA: Final = "991267401"
SERVICE_ACCOUNT: Final = "991267406"
READER_SCOPES: Final = (
    "read_single_admin",
    "read_admins",
    "read_users_companies",
    "read_conversations",
    "read_tags",
)
_DAY: Final = 86_400
_ROLES: Final = {
    "Admin": "1",
    "Support lead": "2",
    "Support agent": "3",
    "API service account": "4",
}
_SUPPORT: Final = 5017691


def teammate(id_: str, name: str, email: str, role: str, title: str = "") -> JsonObject:
    """A teammate; one without a role has custom permissions."""
    admin: JsonObject = {
        "type": "admin",
        "id": id_,
        "name": name,
        "email": email,
        "job_title": title,
        "away_mode_enabled": False,
        "away_mode_reassign": False,
        "away_status_reason_id": None,
        "has_inbox_seat": role not in ("", "API service account"),
        "team_ids": [_SUPPORT] if role.startswith("Support") else [],
        "team_priority_level": {"primary_team_ids": None, "secondary_team_ids": None},
    }
    if role:
        admin["role"] = {"type": "role", "id": _ROLES.get(role, "9"), "name": role}
    return admin


def add_staff(workspace: SandboxWorkspace) -> None:
    """Add the teammates of every seed."""
    for admin in (
        teammate("991267401", "Maya Lindqvist", "maya@example.com", "Admin", "Head of Support"),
        teammate("991267402", "Ruth Okafor", "ruth@example.com", "Admin", "Operations"),
        teammate("991267403", "Tomás Ferreira", "tomas@example.com", "Support lead"),
        teammate("991267404", "Aiko Tanaka", "aiko@example.com", "Support agent"),
        teammate(
            SERVICE_ACCOUNT, "Service account", "svc-intercom@example.com", "API service account"
        ),
    ):
        workspace.admins[admin["id"]] = admin


def install(
    workspace: SandboxWorkspace,
    label: str,
    name: str,
    scopes: tuple[str, ...],
    *,
    days: int,
    owner: str = SERVICE_ACCOUNT,
    test_workspace: str = "",
) -> SandboxApp:
    """Install an app of the seed with a token of that age."""
    label = f"{workspace.seed}/{label}"
    app = SandboxApp(
        id=tokens.client_id(label),
        name=name,
        owner=owner,
        scopes=frozenset(scopes),
        created_at=workspace.now - 400 * _DAY,
        workspace=test_workspace,
        client_secrets=[tokens.client_secret(label)],
    )
    app.add_token(Token(tokens.access_token(label), workspace.now - days * _DAY))
    workspace.apps[app.id] = app
    return app
