"""Collect how webhooks are received: the secret's variable, the receiver, what the battery saw."""

from __future__ import annotations

from helpers.core.context import Context
from helpers.core.errors import UsageError
from helpers.core.model import Cause, Datum, Known, Unavailable
from helpers.webhooks.action import SECRET, URL, why_not
from helpers.webhooks.records import (
    BatteryResult,
    ClientSecretStatus,
    ReceiverAddress,
    WebhookFacts,
)
from helpers.webhooks.target import parse_target

__all__ = ["collect"]


def collect(context: Context) -> WebhookFacts:
    """Read the configuration, and the record of the battery if it ran. Sends nothing."""
    configured = context.settings.credential(SECRET) is not None
    return WebhookFacts(
        client_secret=Known(ClientSecretStatus(variable=SECRET, configured=configured)),
        receiver=_receiver(context),
        battery=_battery(context),
    )


def _receiver(context: Context) -> Datum[ReceiverAddress]:
    url = context.settings.text(URL)
    if not url:
        return Unavailable(
            reason=f"No receiver is configured: set {URL} to its address.",
            call=URL,
            cause=Cause.NOT_CONFIGURED,
        )
    try:
        return Known(parse_target(url).receiver)
    except UsageError as error:
        return Unavailable(reason=str(error), call=URL, cause=Cause.FAILED)


def _battery(context: Context) -> Datum[BatteryResult]:
    return why_not(context) or context.evidence
