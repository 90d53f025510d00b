"""What the rotate commands take: which key, which profile, and how to go about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from helpers.core.settings import Profile

__all__ = ["KEYS", "env_file_option", "options_of_rotation", "profile_option"]

KEYS: Final[Mapping[str, str]] = {
    "access-token": "INTERCOM_ACCESS_TOKEN",
    "read-token": "INTERCOM_READ_TOKEN",
    "write-token": "INTERCOM_WRITE_TOKEN",
    "client-secret": "INTERCOM_CLIENT_SECRET",
    "identity-secret": "INTERCOM_IDENTITY_SECRET",
}

profile_option = click.option("--profile", default="sandbox", help=f"{', '.join(Profile)}.")
env_file_option = click.option(
    "--env-file", default="", help="An env file in place of the profile's own."
)
_OPTIONS = (
    profile_option,
    click.option(
        "--mode",
        type=click.Choice(["overlap", "in-place"]),
        help="Access tokens know both; the default is overlap. Other keys know one.",
    ),
    click.option("--compromised", is_flag=True, help="The key is stolen: revoke it first."),
    click.option("--resume", is_flag=True, help="Go on with the rotation that is open."),
    click.option("--abort", is_flag=True, help="Give it up, before the swap."),
    click.option("--roll-back", is_flag=True, help="Put the old key back, while it is alive."),
    click.option("--dry-run", is_flag=True, help="Check all that can be checked; change nothing."),
    click.option("--confirm", multiple=True, metavar="NAME", help="You vouch for this."),
    click.option("--allow-wider", is_flag=True, help="Accept a key that reaches further."),
    click.option("--stdin", is_flag=True, help="Read the new key from standard input."),
    click.option(
        "--delivery", type=click.Path(exists=True, dir_okay=False), help="Raw body of a webhook."
    ),
    click.option("--signature", default="", help="Its X-Hub-Signature."),
    click.option(
        "--try-receiver",
        default="",
        metavar="URL",
        help="Client secret, with --resume: let this webhook receiver show it in your place.",
    ),
    click.option("--consent", is_flag=True, help="I may try this receiver, which is elsewhere."),
    click.option("--yes", is_flag=True, help="Begin without asking."),
    click.option("--store", default="", help="env, keyring, aws:<id>, vault:<mount>/<path>."),
    env_file_option,
    click.option("--repo", default="", help="The project. Default: this one."),
    click.option("--policy", default="", help="A policy.toml. Default: the project's own."),
)


def options_of_rotation(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command all options of a rotation."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
