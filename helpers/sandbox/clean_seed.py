"""The clean workspace: nothing in it is wrong."""

from __future__ import annotations

from typing import Final

from helpers.sandbox import seed_activity
from helpers.sandbox.endpoints.connectors import new_connector
from helpers.sandbox.endpoints.security import new_identity_secret
from helpers.sandbox.people import MAYA, READER_SCOPES, install
from helpers.sandbox.seeds import Seed
from helpers.sandbox.workspace import SandboxWorkspace

__all__ = ["furnish_clean"]

_AGE: Final = 20  # days; no key is older


def furnish_clean(workspace: SandboxWorkspace, seed: Seed) -> None:
    """Give the workspace its apps, a connector and a calm past."""
    for profile in seed.profiles:
        own = seed.workspaces[profile]
        code = "" if own == seed.id_code else own
        name = f"Support automation ({profile})"
        install(workspace, profile, name, READER_SCOPES, days=_AGE, test_workspace=code)
    install(workspace, "reader", "Audit reader", READER_SCOPES, days=_AGE)
    install(workspace, "writer", "Event writer", ("write_events",), days=_AGE)
    workspace.identity_verification = True
    workspace.allowlist |= {"enabled": True, "ip_allowlist": ["127.0.0.1"]}
    with workspace.clock.ago(_AGE):
        secret = seed.profiles["production"].identity_secret
        new_identity_secret(workspace, {"name": "Production web", "supports_web": True}, secret)
        _connector(workspace)
    seed_activity.ordinary_days(workspace, days=120)
    seed_activity.issued(workspace)


def _connector(workspace: SandboxWorkspace) -> None:
    given = {
        "name": "Order status",
        "url": "https://orders.example.com/v1/orders/{{order_id}}",
        "headers": [{"name": "Authorization", "value": ""}],
        "token_ids": ["881"],
        "customer_authentication": True,
        "state": "live",
    }
    new_connector(workspace, given, by=MAYA)
