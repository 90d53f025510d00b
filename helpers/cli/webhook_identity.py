"""`runbook webhook token` and `user-hash`: why the Messenger refuses a user."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import click

from helpers.cli.webhook_options import other_secrets, secret_of
from helpers.core.errors import UsageError

if TYPE_CHECKING:
    from helpers.webhooks.identity import Remark

__all__ = ["token", "user_hash"]

_REFUSED: Final = 13  # as a high finding
_SECRET: Final = "INTERCOM_IDENTITY_SECRET"  # noqa: S105 (a variable's name)
_LONGEST: Final = 65_536  # bytes that are read

_variable = click.option(
    "--secret-variable",
    "variable",
    default=_SECRET,
    show_default=True,
    metavar="NAME",
    help="The environment variable that holds the Messenger API secret.",
)


@click.command()
@_variable
def token(variable: str) -> int:
    r"""Say whether a Messenger token is genuine, and if not, why.

    The token (JWT) comes from standard input or a hidden prompt, since anyone who has it gets in;
    the secret comes from the environment or a hidden prompt.

    \b
    Exit status: 0 it is genuine; 13 it is not, for the reason shown; 2 usage.
    """
    import time

    from helpers.webhooks.identity import explain_token

    secrets = {variable: secret_of(variable), **other_secrets()}
    try:
        return _show(explain_token(_typed("The token"), secrets, time.time()))
    except ValueError as error:
        raise UsageError(f"{variable}: {error}", "Set the Messenger API secret.") from None


@click.command("user-hash")
@click.option("--user-id", default="", help="As the Messenger is given it.")
@click.option("--email", default="", help="As the Messenger is given it.")
@_variable
def user_hash(user_id: str, email: str, variable: str) -> int:
    r"""Say whether a user_hash is genuine, and if not, why.

    The hash comes from standard input or a hidden prompt, the secret from the environment or a
    hidden prompt.

    \b
    Exit status: 0 it is genuine; 13 it is not, for the reason shown; 2 usage.
    """
    from helpers.webhooks.identity import explain_user_hash

    if not user_id and not email:
        raise UsageError("A user_hash belongs to a user.", "Give --user-id, --email, or both.")
    secrets = {variable: secret_of(variable), **other_secrets()}
    claimed = _typed("The user_hash")
    return _show(explain_user_hash(claimed, secrets, user_id=user_id, email=email))


def _typed(what: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True, err=True)).strip()
    return sys.stdin.buffer.read(_LONGEST).decode("utf-8", "replace").strip()


def _show(remarks: Iterable[Remark]) -> int:
    refused = False
    for remark in remarks:
        refused = refused or remark.refused
        click.echo(remark.message)
        if remark.fix:
            click.echo(f"    Fix: {remark.fix}")
    return _REFUSED if refused else 0
