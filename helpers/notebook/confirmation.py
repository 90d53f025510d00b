"""Make sure that a token is one of the workspace that is meant, before anything is kept.

Three places may say which workspace is meant: the settings (INTERCOM_APP_ID, or the entry in
workspaces.toml), the policy, and the state, which keeps the first id that Intercom reported. They
have to agree with each other, and Intercom with them.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from helpers.core.context import Context
from helpers.core.errors import CollectionError, WrongWorkspaceError
from helpers.core.policy import Policy
from helpers.core.settings import Profile, Settings
from helpers.system.state import open_state
from helpers.system.state.pinned import pin, pinned_id

__all__ = ["confirm", "confirm_workspace", "expected_id"]


def confirm_workspace(context: Context) -> None:
    """Ask Intercom whose the access token is, and keep the answer for good.

    Where there is no token, or Intercom gives no usable answer, nothing is confirmed and each step
    reports that itself. Raises WrongWorkspaceError for the token of another workspace, StateError.
    """
    settings = context.settings
    if settings.profile is Profile.SANDBOX:
        return
    with closing(open_state(context.state)) as connection:
        expected_id(connection, settings, context.policy)
        if not settings.credential("INTERCOM_ACCESS_TOKEN"):
            return
        try:
            app_id = context.client.me().app.id_code
        except CollectionError:
            return
        confirm(connection, settings, context.policy, app_id)


def expected_id(connection: sqlite3.Connection, settings: Settings, policy: Policy) -> str:
    """The id of the workspace that is meant; empty if nothing says so yet.

    Raises WrongWorkspaceError where settings, policy and state name different ones.
    """
    said = {
        settings.origins.get("INTERCOM_APP_ID", ""): settings.text("INTERCOM_APP_ID"),
        "the policy (environment.app_id)": policy.environment.app_id,
        f"the state in {settings.workspace.state}": pinned_id(connection),
    }
    named = [(place, app_id.strip()) for place, app_id in said.items() if app_id.strip()]
    for place, app_id in named[1:]:
        if app_id != named[0][1]:
            raise WrongWorkspaceError(
                f"{settings.name} is {named[0][1]} by {named[0][0]}, and {app_id} by {place}.",
                "Correct the id, or give the other workspace a name of its own in workspaces.toml.",
            )
    return named[0][1] if named else ""


def confirm(
    connection: sqlite3.Connection, settings: Settings, policy: Policy, app_id: str
) -> None:
    """Compare the id that Intercom reported, and keep it. Raises WrongWorkspaceError."""
    expected = expected_id(connection, settings, policy)
    if expected and app_id != expected:
        raise WrongWorkspaceError(
            f"The access token of {settings.name} belongs to the workspace {app_id}, and "
            f"{settings.name} is {expected}.",
            "Nothing was compared or written. Use that workspace's own token, or name it on its "
            "own in workspaces.toml.",
        )
    pin(connection, app_id)
