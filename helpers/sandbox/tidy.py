"""The clean workspace: nothing in it is wrong."""

from __future__ import annotations

from typing import Final

from helpers.sandbox import history
from helpers.sandbox.demo import install
from helpers.sandbox.seeds import Seed
from helpers.sandbox.workspace import Workspace

__all__ = ["furnish"]

_READS: Final = (
    "read_single_admin",
    "read_admins",
    "read_users_companies",
    "read_conversations",
    "read_tags",
)


def furnish(workspace: Workspace, seed: Seed) -> None:
    """Give the workspace its apps and a calm past."""
    for profile in seed.profiles:
        code = seed.test_id_code if profile == "development" else ""
        install(
            workspace,
            profile,
            f"Support automation ({profile})",
            _READS,
            token_days=20,
            test_workspace=code,
        )
    install(workspace, "reader", "Audit reader", _READS, token_days=20)
    install(workspace, "writer", "Event writer", ("write_events",), token_days=20)
    workspace.identity_verification = True
    workspace.allowlist |= {"enabled": True, "ip_allowlist": ["127.0.0.1"]}
    history.ordinary_days(workspace, days=120)
    history.issued(workspace)
