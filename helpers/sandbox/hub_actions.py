"""What a person does in Intercom's Developer Hub and settings.

An action writes to the activity log as Intercom does. Lists show fingerprints; an app's own page
shows its secrets, as Intercom's does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from helpers.sandbox.apps import SandboxApp
from helpers.sandbox.hub_body import FORBID, parse_body
from helpers.sandbox.people import SERVICE_ACCOUNT, teammate
from helpers.sandbox.scopes import SCOPES
from helpers.sandbox.tokens import client_id, client_secret
from helpers.sandbox.workspace import JsonObject, SandboxWorkspace

__all__ = ["ROUTES", "HubAction"]

HubAction = Callable[[SandboxWorkspace, JsonObject, dict[str, str]], Any]

_FIRST_ADMIN: Final = 991267500


def list_apps(
    workspace: SandboxWorkspace, _body: JsonObject, _path: dict[str, str]
) -> list[JsonObject]:
    """Every app, with the fingerprints of its secrets."""
    return [_app_summary(app, workspace) for app in workspace.apps.values()]


def show_app(workspace: SandboxWorkspace, _body: JsonObject, path: dict[str, str]) -> JsonObject:
    """One app."""
    return _app_summary(workspace.apps[path["id"]], workspace)


def show_secrets(
    workspace: SandboxWorkspace, _body: JsonObject, path: dict[str, str]
) -> JsonObject:
    """One app with its newest token and client secret, as on its Authentication page."""
    return _with_secrets(workspace.apps[path["id"]], workspace)


@dataclass
class NewApp:
    """The fields of a new app; `expires_in` in seconds."""

    __pydantic_config__: ClassVar = FORBID

    name: str = "App"
    scopes: frozenset[str] = frozenset()
    owner: str = SERVICE_ACCOUNT
    version: str = "2.16"
    workspace: str = ""
    expires_in: int | None = None


def create_app(workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]) -> JsonObject:
    """Create and install a private app."""
    wanted = parse_body(NewApp, body)
    label = f"{workspace.seed}/hub/{workspace.next_number('app')}"
    app = SandboxApp(
        id=client_id(label),
        name=wanted.name,
        owner=workspace.admins[wanted.owner]["id"],
        scopes=wanted.scopes,
        created_at=workspace.now,
        version=wanted.version,
        workspace=wanted.workspace,
        client_secrets=[client_secret(label)],
    )
    app.issue(workspace.now, lives=wanted.expires_in)
    workspace.apps[app.id] = app
    _log(workspace, "app_package_installation", "installed", app)
    return _with_secrets(app, workspace)


def regenerate_token(
    workspace: SandboxWorkspace, body: JsonObject, path: dict[str, str]
) -> JsonObject:
    """A new access token; the old one dies at once, or after `grace_seconds`."""
    app = _installed(workspace, path)
    app.regenerate(workspace.now, grace=int(body.get("grace_seconds", 0)))
    _log(workspace, "app_package_token_regeneration", "regenerated the access token of", app)
    return _with_secrets(app, workspace)


def regenerate_client_secret(
    workspace: SandboxWorkspace, _body: JsonObject, path: dict[str, str]
) -> JsonObject:
    """A new client secret. Intercom's log has no type for it, so no row is written."""
    app = _installed(workspace, path)
    app.client_secrets.append(client_secret(f"{app.id}/{len(app.client_secrets) + 1}"))
    return _with_secrets(app, workspace)


def uninstall(workspace: SandboxWorkspace, _body: JsonObject, path: dict[str, str]) -> JsonObject:
    """Uninstall an app: all its tokens die at once."""
    app = _installed(workspace, path)
    app.uninstall(workspace.now)
    _log(workspace, "oauth_token_revocation", "revoked the access token of", app)
    _log(workspace, "app_package_uninstallation", "uninstalled", app)
    return _app_summary(app, workspace)


@dataclass
class ChangedApp:
    """What can change in an app; `regenerate` also issues a new token."""

    __pydantic_config__: ClassVar = FORBID

    scopes: frozenset[str]
    version: str
    suspended: bool
    regenerate: bool = False


def change_app(workspace: SandboxWorkspace, body: JsonObject, path: dict[str, str]) -> JsonObject:
    """Change scopes, version, or suspension; the rest is unchanged."""
    app = _installed(workspace, path)
    present = {"scopes": sorted(app.scopes), "version": app.version, "suspended": app.suspended}
    wanted = parse_body(ChangedApp, present | body)
    app.scopes, app.version, app.suspended = wanted.scopes, wanted.version, wanted.suspended
    if wanted.regenerate:
        return regenerate_token(workspace, {}, path)
    return _app_summary(app, workspace)


def list_admins(
    workspace: SandboxWorkspace, _body: JsonObject, _path: dict[str, str]
) -> list[JsonObject]:
    """Every teammate, the deactivated ones too."""
    return list(workspace.admins.values())


def add_admin(workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]) -> JsonObject:
    """A new teammate: name, email, role."""
    id_ = str(_FIRST_ADMIN + workspace.next_number("admin"))
    admin = teammate(id_, body["name"], body["email"], body.get("role", ""))
    workspace.admins[id_] = admin
    workspace.record("app_admin_join", f"{admin['name']} joined.", by=admin)
    return admin


def deactivate_admin(
    workspace: SandboxWorkspace, _body: JsonObject, path: dict[str, str]
) -> JsonObject:
    """Remove a teammate; the tokens of the apps they own die with them."""
    admin = workspace.admins[path["id"]]
    admin["active"] = False
    for app in workspace.apps.values():
        if app.owner == admin["id"]:
            app.kill(workspace.now)
    by = next(a for a in workspace.admins.values() if a.get("active", True))
    workspace.record("admin_deletion", f"{by['name']} removed {admin['name']}.", by=by)
    return admin


def list_scopes(
    _workspace: SandboxWorkspace, _body: JsonObject, _path: dict[str, str]
) -> JsonObject:
    """The sandbox's own table of scopes and the routes they guard."""
    return {scope: list(routes) for scope, routes in SCOPES.items()}


def _installed(workspace: SandboxWorkspace, path: dict[str, str]) -> SandboxApp:
    app = workspace.apps[path["id"]]
    if not app.installed:
        raise ValueError(f"{app.name} is uninstalled")
    return app


def _log(workspace: SandboxWorkspace, kind: str, verb: str, app: SandboxApp) -> None:
    by = next(a for a in workspace.admins.values() if a.get("active", True))
    text = f"{by['name']} {verb} {app.name}."
    workspace.record(kind, text, by=by)


def _app_summary(app: SandboxApp, workspace: SandboxWorkspace) -> JsonObject:
    from helpers.core.model import fingerprint

    return {
        "id": app.id,
        "name": app.name,
        "owner": app.owner,
        "scopes": sorted(app.scopes),
        "version": app.version,
        "installed": app.installed,
        "suspended": app.suspended,
        "created_at": app.created_at,
        "workspace": app.workspace or workspace.id_code,
        "tokens": [
            {
                "fingerprint": fingerprint("access_token", token.value),
                "created_at": token.created_at,
                "state": token.state(workspace.now),
            }
            for token in app.tokens
        ],
        "client_secrets": [fingerprint("client_secret", held) for held in app.client_secrets],
    }


def _with_secrets(app: SandboxApp, workspace: SandboxWorkspace) -> JsonObject:
    return _app_summary(app, workspace) | {
        "access_token": app.token.value,
        "client_secret": app.client_secrets[-1],
    }


ROUTES: Final[tuple[tuple[str, str, HubAction], ...]] = (
    ("GET", "/apps", list_apps),
    ("POST", "/apps", create_app),
    ("GET", "/apps/{id}", show_app),
    ("GET", "/apps/{id}/secrets", show_secrets),
    ("PUT", "/apps/{id}", change_app),
    ("POST", "/apps/{id}/token", regenerate_token),
    ("POST", "/apps/{id}/client_secret", regenerate_client_secret),
    ("POST", "/apps/{id}/uninstall", uninstall),
    ("GET", "/admins", list_admins),
    ("POST", "/admins", add_admin),
    ("POST", "/admins/{id}/deactivate", deactivate_admin),
    ("GET", "/scopes", list_scopes),
)
