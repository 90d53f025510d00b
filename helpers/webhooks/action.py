"""The step's act: the battery against this profile's receiver. Off on real profiles by default."""

from __future__ import annotations

import os

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Cause, Unavailable
from helpers.webhooks.assessment import assess
from helpers.webhooks.battery import Options, try_receiver
from helpers.webhooks.records import BatteryResult
from helpers.webhooks.request_builder import Forge
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import Target, parse_target

__all__ = ["SECRET", "URL", "act", "run_battery", "why_not"]

URL = "INTERCOM_WEBHOOK_URL"
SECRET = "INTERCOM_CLIENT_SECRET"  # noqa: S105 (a variable's name)


def run_battery(target: Target, forge: Forge, options: Options | None = None) -> BatteryResult:
    """Try a receiver and judge what it did.

    Raises UsageError without consent where the receiver is not on loopback.
    """
    return assess(try_receiver(target, forge, options or Options()), forge)


def act(context: Context) -> BatteryResult | Unavailable:
    """Try the receiver. What keeps it from being tried is the answer, never an exception."""
    reason = why_not(context)
    if reason:
        return reason
    credential = context.settings.credential(SECRET)
    key = os.fsencode(credential.value.get_secret_value()) if credential else b""
    forge = Forge(WEBHOOK, key, app_id=context.settings.text("INTERCOM_APP_ID", "sample01"))
    options = Options(consent=True, progress=context.progress)
    try:
        context.record("runbook.webhook.battery", resource=URL)  # first: what can't be is not done
        trial = try_receiver(parse_target(context.settings.text(URL)), forge, options)
    except RunbookError as error:
        return _unavailable(str(error), Cause.FAILED)
    if not trial.control.kind.reached:
        return _unavailable(f"The receiver gave {trial.control.observed}.", Cause.FAILED)
    return assess(trial, forge)


def why_not(context: Context) -> Unavailable | None:
    """What has to be set or allowed first, if anything."""
    if not context.settings.text(URL):
        return _unavailable(
            f"No receiver is configured: set {URL} to its address.", Cause.NOT_CONFIGURED
        )
    if context.settings.credential(SECRET) is None:
        return _unavailable(
            f"{SECRET} is not set: genuine deliveries can't be signed.", Cause.NOT_CONFIGURED
        )
    if not context.policy.acts.webhook_battery:
        return _unavailable(
            "The battery is off for this profile: policy.toml turns it on with "
            f"[profiles.{context.settings.profile}.acts] webhook_battery = true.",
            Cause.OFF,
        )
    return None


def _unavailable(reason: str, cause: Cause) -> Unavailable:
    return Unavailable(reason=reason, call="webhook battery", cause=cause)
