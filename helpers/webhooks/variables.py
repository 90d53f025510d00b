"""Secrets by the names of their variables: the one way in which they come, beside a prompt."""

from __future__ import annotations

import os
import re
from typing import Final

from helpers.core.errors import UsageError
from helpers.webhooks.signatures import FIN_AGENT

__all__ = ["secret_in", "secret_variable"]

_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")  # as POSIX has them for programs


def secret_variable(scheme: str) -> str:
    """The variable that holds a scheme's secret."""
    return "FIN_AGENT_WEBHOOK_SECRET" if scheme == FIN_AGENT.name else "INTERCOM_CLIENT_SECRET"


def secret_in(variable: str) -> bytes:
    """The secret in a variable, byte for byte; nothing where it is not set, or blank.

    Raises UsageError for what is no name. It is not repeated: it may be the secret, by mistake.
    """
    if not _NAME.fullmatch(variable):
        raise UsageError(
            "What was given as the name of a variable is none: names have capitals, digits and _.",
            "Put the secret into a variable and name that. If it was the secret itself that you "
            "gave, rotate it: others on this machine can read arguments.",
        )
    value = os.environ.get(variable, "")
    return os.fsencode(value) if value.strip() else b""
