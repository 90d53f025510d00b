"""The demo workspace: realistic flaws of each severity beside things that are fine."""

from __future__ import annotations

from typing import Final

from helpers.sandbox import seed_activity
from helpers.sandbox.endpoints.connectors import new_connector, record_execution
from helpers.sandbox.endpoints.security import new_identity_secret
from helpers.sandbox.people import MAYA, READER_SCOPES, install, teammate
from helpers.sandbox.seeds import Seed
from helpers.sandbox.workspace import SandboxWorkspace

__all__ = ["furnish_demo"]

# far more than the support automation needs
_PRODUCTION: Final = (
    *READER_SCOPES,
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


def furnish_demo(workspace: SandboxWorkspace, seed: Seed) -> None:
    """Give the workspace its people, apps, connectors and past."""
    _people(workspace)
    _apps(workspace, seed)
    _connectors(workspace)
    _executions(workspace)
    workspace.allowlist["enabled"] = True  # and empty: everyone is let in
    with workspace.clock.ago(395):
        secret = seed.profiles["production"].identity_secret
        new_identity_secret(workspace, {"name": "Production web", "supports_web": True}, secret)
    seed_activity.ordinary_days(workspace, days=120)
    seed_activity.milestones(workspace)
    seed_activity.takeover(workspace)


def _people(workspace: SandboxWorkspace) -> None:
    for admin in (
        teammate("991267407", "Priya Natarajan", "priya@example.com", "", "Data analyst"),
        teammate("991267408", "Jonas Weber", "jonas@example.com", "Support agent"),
        teammate("991267409", "Alex Kim", "alex@contractor.example.net", "Support agent"),
        teammate("991267410", "Sam Doyle", "sam@example.com", "Admin") | {"active": False},
    ):
        workspace.admins[admin["id"]] = admin


def _apps(workspace: SandboxWorkspace, seed: Seed) -> None:
    profiles = seed.profiles
    production = install(workspace, "production", "Support automation", _PRODUCTION, days=200)
    # one app serves staging and production, under one token
    production.client_secrets.insert(0, profiles["staging"].client_secret)
    install(
        workspace,
        "development",
        "Support automation (development)",
        (*READER_SCOPES, "write_conversations"),
        days=20,
        owner=MAYA,
        test_workspace=seed.workspaces["development"],
    )
    reader = (*READER_SCOPES, "write_conversations")  # a reader that may write
    install(workspace, "reader", "Audit reader", reader, days=45)
    install(workspace, "writer", "Event writer", ("write_events",), days=75)
    install(workspace, "export", seed_activity.STOLEN, ("read_users_companies",), days=300)


def _connectors(workspace: SandboxWorkspace) -> None:
    with workspace.clock.ago(150):
        for given in (
            {
                "name": "Order status",
                "url": "https://orders.example.com/v1/orders/{{order_id}}",
                "headers": [{"name": "Authorization", "value": ""}],
                "token_ids": ["881"],
                "customer_authentication": True,
            },
            {
                "name": "Refund lookup <beta> | old",
                "url": "http://refunds.example.com/lookup?order={{order_id}}",
            },
            {
                "name": "Loyalty points",
                "url": "https://loyalty.example.com/points",
                "http_method": "post",
                "headers": [{"name": "X-Api-Key", "value": ""}],
                "token_ids": ["881"],  # the order system's credential, used again
                "bypass_authentication": True,
            },
        ):
            new_connector(workspace, given | {"state": "live"}, by=MAYA)


def _executions(workspace: SandboxWorkspace) -> None:
    """Calls that the connectors made: some days ago, and within the last hour."""
    connectors = list(workspace.collection("data_connectors").values())
    for days in (3, 0):
        with workspace.clock.ago(days):
            for connector in connectors:
                failing = "3rd_party_error" if connector["url"].startswith("http:") else ""
                record_execution(workspace, connector, error=failing)
