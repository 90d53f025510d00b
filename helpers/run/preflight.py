"""One question before a long run: does Intercom answer to this profile's token?

A missing variable, a host that is not there and a dead token would each fail in every step; told
once, before a kernel starts, they are one clear message. A token that may not ask for `/me` is
alive, so the run goes on.
"""

from __future__ import annotations

from typing import Final

from helpers.core.errors import IntercomError
from helpers.core.settings import Settings

__all__ = ["ASKING", "ask_once"]

ASKING: Final = frozenset({"environment", "rotation", "scopes", "access", "auditlog"})
_NOT_ALLOWED: Final = ("token_unauthorized", "forbidden", "api_plan_restricted")


def ask_once(settings: Settings) -> None:
    """Ask for `/me`.

    Raises ConfigurationError without a token, UnreachableError without an answer, and
    IntercomError where the token is unknown, revoked or expired.
    """
    from helpers.intercom.client import Client

    with Client.from_settings(settings) as client:
        try:
            client.me()
        except IntercomError as error:
            if error.code not in _NOT_ALLOWED:
                raise
