"""The write probes of a scope review: only where the policy turns them on."""

from __future__ import annotations

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Cause, Unavailable
from helpers.intercom.client import Client
from helpers.scopes.probes import probe_writes
from helpers.scopes.records import ProbeAnswer, WriteProbes

__all__ = ["TOKENS", "act"]

TOKENS = ("INTERCOM_ACCESS_TOKEN", "INTERCOM_READ_TOKEN", "INTERCOM_WRITE_TOKEN")


def act(context: Context) -> WriteProbes | Unavailable:
    """Send the write probes with every configured token; return the answers."""
    if not context.policy.acts.write_probes:
        return Unavailable(
            reason="Write probes are off: acts.write_probes in policy.toml turns them on.",
            call="write probes",
            cause=Cause.OFF,
        )
    held = [name for name in TOKENS if context.settings.credential(name)]
    try:
        return WriteProbes(answers=tuple((name, _asked(context, name)) for name in held))
    except RunbookError as error:
        return Unavailable(reason=str(error), call="write probes")


def _asked(context: Context, variable: str) -> tuple[ProbeAnswer, ...]:
    with Client.from_settings(context.settings, variable=variable, acts=["write_probes"]) as client:
        return probe_writes(client)
