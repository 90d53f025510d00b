"""The demo workspace: realistic flaws of each severity beside things that are fine."""

from __future__ import annotations

from typing import Final

from helpers.sandbox import history, tokens
from helpers.sandbox.apps import App, Token
from helpers.sandbox.people import SERVICE_ACCOUNT, teammate
from helpers.sandbox.seeds import Seed
from helpers.sandbox.workspace import Workspace

__all__ = ["DAY", "furnish", "install"]

DAY: Final = 86_400
MAYA: Final = "991267401"
_READER: Final = (
    "read_single_admin",
    "read_admins",
    "read_users_companies",
    "read_conversations",
    "read_tags",
)
# far more than the support automation needs
_PRODUCTION: Final = (
    *_READER,
    "read_events",
    "write_events",
    "write_conversations",
    "delete_conversations_and_metrics",
    "write_users_companies",
    "export_content_data",
    "read_articles_scope",
    "read_data_connectors",
    "manage_ip_allowlist",
    "read_secure_mode_secret",
    "write_secure_mode_secret",
)


def furnish(workspace: Workspace, seed: Seed) -> None:
    """Give the workspace its people, apps and past."""
    _people(workspace)
    _apps(workspace, seed)
    workspace.allowlist["enabled"] = True  # and empty: everyone is let in
    history.ordinary_days(workspace, days=120)
    history.milestones(workspace)
    history.takeover(workspace)


def _people(workspace: Workspace) -> None:
    for admin in (
        teammate("991267407", "Priya Natarajan", "priya@example.com", "", "Data analyst"),
        teammate("991267408", "Jonas Weber", "jonas@example.com", "Support agent"),
        teammate("991267409", "Alex Kim", "alex@contractor.example.net", "Support agent"),
        teammate("991267410", "Sam Doyle", "sam@example.com", "Admin") | {"active": False},
    ):
        workspace.admins[admin["id"]] = admin


def _apps(workspace: Workspace, seed: Seed) -> None:
    production, development = seed.profiles["production"], seed.profiles["development"]
    install(workspace, "production", "Support automation", _PRODUCTION, token_days=200)
    workspace.apps[tokens.client_id("demo/production")].client_secrets = [
        seed.profiles["staging"].client_secret,
        production.client_secret,
    ]
    install(
        workspace,
        "development",
        "Support automation (development)",
        (*_READER, "write_conversations"),
        token_days=20,
        owner=MAYA,
        test_workspace=seed.test_id_code,
    )
    workspace.apps[tokens.client_id("demo/development")].client_secrets = [
        development.client_secret
    ]
    reader = (*_READER, "write_conversations")  # a reader that may write
    install(workspace, "reader", "Audit reader", reader, token_days=45)
    install(workspace, "writer", "Event writer", ("write_events",), token_days=75)
    install(workspace, "export", "Nightly export", ("read_users_companies",), token_days=12)


def install(
    workspace: Workspace,
    label: str,
    name: str,
    scopes: tuple[str, ...],
    *,
    token_days: int,
    owner: str = SERVICE_ACCOUNT,
    test_workspace: str = "",
) -> App:
    """Install an app whose token is that many days old."""
    label = f"{workspace.seed}/{label}"
    app = App(
        id=tokens.client_id(label),
        name=name,
        owner=owner,
        scopes=frozenset(scopes),
        created_at=workspace.now - 400 * DAY,
        workspace=test_workspace,
        client_secrets=[tokens.client_secret(label)],
    )
    app.adopt(Token(tokens.access_token(label), workspace.now - token_days * DAY))
    workspace.apps[app.id] = app
    return app
