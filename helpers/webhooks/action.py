"""The step's action: run the battery against this profile's receiver. Off by default."""

from __future__ import annotations

import os
from dataclasses import replace

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Cause, Unavailable
from helpers.intercom.trusted_hosts import refuse_less_trusted, require_allowed
from helpers.webhooks.assessment import assess
from helpers.webhooks.battery import BatteryOptions, send_battery
from helpers.webhooks.records import BatteryResult
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import Target, parse_target

__all__ = ["SECRET", "URL", "act", "run_battery", "why_not"]

URL = "INTERCOM_WEBHOOK_URL"
SECRET = "INTERCOM_CLIENT_SECRET"  # noqa: S105 (a variable's name)


def run_battery(
    target: Target, builder: RequestBuilder, options: BatteryOptions | None = None
) -> BatteryResult:
    """Test a receiver and judge its responses.

    Raises UsageError without consent if the receiver is not on loopback.
    """
    return assess(send_battery(target, builder, options or BatteryOptions()), builder)


def act(context: Context) -> BatteryResult | Unavailable:
    """Test the receiver. If it can't be tested, the reason is returned, never raised."""
    reason = why_not(context)
    if reason:
        return reason
    credential = context.settings.credential(SECRET)
    key = os.fsencode(credential.value.get_secret_value()) if credential else b""
    builder = RequestBuilder(
        WEBHOOK, key, app_id=context.settings.text("INTERCOM_APP_ID", "sample01")
    )
    profile = context.settings.workspace.name
    options = BatteryOptions(consent=True, progress=context.progress, profile=profile)
    try:
        context.record(
            "runbook.webhook.battery", resource=URL
        )  # first: what can't be recorded is not done
        run = send_battery(parse_target(context.settings.text(URL)), builder, options)
    except RunbookError as error:
        return _unavailable(str(error), Cause.FAILED)
    if not run.control.kind.reached:
        return _unavailable(f"The receiver gave {run.control.observed}.", Cause.FAILED)
    return assess(replace(run, endpoint=""), builder)  # a notebook shows no port


def why_not(context: Context) -> Unavailable | None:
    """Why the battery may not run, or None."""
    if not context.settings.text(URL):
        return _unavailable(
            f"No receiver is configured: set {URL} to its address.", Cause.NOT_CONFIGURED
        )
    if context.settings.credential(SECRET) is None:
        return _unavailable(
            f"{SECRET} is not set: genuine deliveries can't be signed.", Cause.NOT_CONFIGURED
        )
    try:
        refuse_less_trusted(context.settings, URL, SECRET)
        require_allowed(parse_target(context.settings.text(URL)).host, URL)
    except RunbookError as error:
        return _unavailable(str(error), Cause.NOT_CONFIGURED)
    if not context.policy.acts.webhook_battery:
        return _unavailable(
            "The battery is off for this profile: policy.toml turns it on with "
            f"[profiles.{context.settings.profile}.acts] webhook_battery = true (in the audited "
            "repository's own policy with --trust-policy only).",
            Cause.OFF,
        )
    return None


def _unavailable(reason: str, cause: Cause) -> Unavailable:
    return Unavailable(reason=reason, call="webhook battery", cause=cause)
