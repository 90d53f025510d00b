"""What the webhook commands have in common: the scheme, and where its secret comes from."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from helpers.errors import UsageError

__all__ = ["headers_of", "scheme_option", "secret_for", "variable_option"]

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


def secret_for(scheme: str, variable: str = "", *, what: str = "secret") -> bytes:
    """The secret from its variable, or else from a hidden prompt.

    Raises UsageError where neither can give one.
    """
    from helpers.webhooks.curl import secret_variable

    name = variable or secret_variable(scheme)
    value = os.environ.get(name, "")
    if not value and sys.stdin.isatty():
        value = click.prompt(f"The {what} ({name} is not set)", hide_input=True, err=True)
    if not value.strip():
        raise UsageError(
            f"The variable {name} is not set.",
            "Set it in the environment, or run this in a terminal to be asked.",
        )
    return value.encode()


def headers_of(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """`NAME:VALUE` taken apart. Raises UsageError where one is none."""
    return tuple(_header(line) for line in lines)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    token = name.strip()
    plain = token.isascii() and token.replace("-", "").replace("_", "").isalnum()
    if not colon or not plain or not value.strip().isascii() or not value.strip().isprintable():
        raise UsageError(
            "A header is not NAME:VALUE in plain ASCII.", "Write it as --header 'X-Name: value'."
        )
    return token, value.strip()
