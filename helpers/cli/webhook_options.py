"""What the webhook commands share: the scheme, and where its secret comes from."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

import click

from helpers.core.errors import UsageError

if TYPE_CHECKING:
    from helpers.core.settings import Settings

__all__ = [
    "consent_option",
    "other_secrets",
    "previous_option",
    "recorded",
    "scheme_option",
    "secret_for",
    "secret_of",
    "variable_name",
    "variable_option",
]

_SCHEMES: Final = ("webhook", "canvas_kit", "fin_agent")  # as `signatures.SCHEMES` has them

scheme_option = click.option(
    "--scheme",
    type=click.Choice(_SCHEMES),
    default="webhook",
    show_default=True,
    help="How the requests are signed.",
)
variable_option = click.option(
    "--secret-variable",
    "variable",
    default="",
    metavar="NAME",
    help="The environment variable that holds the secret. "
    "Default: INTERCOM_CLIENT_SECRET, for fin_agent FIN_AGENT_WEBHOOK_SECRET.",
)

previous_option = click.option(
    "--previous-secret-variable",
    "previous",
    default="",
    metavar="NAME",
    help="During a rotation: the variable that holds the previous secret.",
)
consent_option = click.option(
    "--consent", is_flag=True, help="I may test this receiver, which is not on this machine."
)


def recorded(profile: str, action: str, resource: str) -> None:
    """Record what is about to be done in a workspace's log; without a record it is not done.

    Raises UsageError for a profile that does not exist, StateError if the log can't be written.
    """
    from helpers.auditlog.log import record
    from helpers.core.settings import state_home
    from helpers.core.workspaces import workspace_named

    record(state_home(workspace_named(profile)), action, resource=resource, profile=profile)


def variable_name(scheme: str, variable: str = "") -> str:
    """The variable that holds a scheme's secret."""
    from helpers.webhooks.target import secret_variable

    return variable or secret_variable(scheme)


def secret_for(
    scheme: str, variable: str = "", *, what: str = "secret", settings: Settings | None = None
) -> bytes:
    """The secret from its variable, the profile's settings, or a hidden prompt.

    Raises UsageError if none of them provides one.
    """
    return secret_of(variable_name(scheme, variable), what=what, settings=settings)


def secret_of(name: str, *, what: str = "secret", settings: Settings | None = None) -> bytes:
    """The secret in a variable, the profile's settings, or from a hidden prompt.

    Raises UsageError without any of them.
    """
    from helpers.core.settings import VARIABLES
    from helpers.webhooks.target import secret_in

    secret = secret_in(name)
    known = any(variable.name == name and variable.secret for variable in VARIABLES)
    if not secret and settings and known and (found := settings.credential(name)):
        value = found.value.get_secret_value()
        secret = os.fsencode(value) if value.strip() else b""
    if not secret and sys.stdin.isatty():
        typed = click.prompt(f"The {what} ({name} is not set)", hide_input=True, err=True)
        secret = os.fsencode(typed.strip())
    if not secret:
        raise UsageError(
            f"The variable {name} is not set, or blank.",
            "Set it in the environment or the profile's .env file (--profile, --env-file), or run "
            "this in a terminal to be asked.",
        )
    return secret


def other_secrets() -> dict[str, bytes]:
    """Every Intercom secret in the environment: one of them may have signed."""
    from helpers.core.settings import VARIABLES
    from helpers.webhooks.target import secret_in

    names = [variable.name for variable in VARIABLES if variable.secret]
    secrets = {name: secret_in(name) for name in names}
    return {name: secret for name, secret in secrets.items() if secret}
