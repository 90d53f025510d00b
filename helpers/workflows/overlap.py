"""Test a webhook receiver during the rotation of its client secret.

The store holds both secrets while a rotation is open. The test signs with both, so that nobody has
to copy a secret. The receiver must accept both during the overlap and refuse the old one later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from helpers.core.errors import UsageError
from helpers.core.settings import Credential, Profile
from helpers.rotation.stores.base import SecretStore, Stage, open_store
from helpers.webhooks.action import SECRET, URL, run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.cases import CORE
from helpers.webhooks.records import BatteryResult
from helpers.webhooks.request_builder import PreviousSecret, RequestBuilder
from helpers.webhooks.signatures import WEBHOOK, Scheme
from helpers.webhooks.target import parse_target

if TYPE_CHECKING:
    from helpers.core.context import Context

__all__ = ["SecretPair", "pair_of", "try_overlap"]

_TRIED: Final = (*CORE, "R12", "R14", "R15", "O01", "O02", "O03")
_OLD: Final = f"{SECRET}_PREVIOUS"  # its name in a curl line; no setting has this name


@dataclass(frozen=True)
class SecretPair:
    """The new secret and the old one."""

    new: SecretStr
    old: SecretStr


def try_overlap(
    context: Context,
    *,
    url: str = "",
    revoked: bool = False,
    consent: bool = False,
    scheme: Scheme = WEBHOOK,
) -> BatteryResult:
    """Test the profile's receiver with both secrets of the open rotation.

    The client secret also signs Canvas Kit requests: `scheme` says which the receiver expects.
    Raises UsageError where the store does not hold two secrets, no receiver is known, or consent is
    missing; StoreError where the store can't be read.
    """
    address = url or context.settings.text(URL)
    if not address:
        raise UsageError(
            "No receiver is configured.", f"Set {URL}, or give its address with --url."
        )
    target, pair = parse_target(address), pair_of(context)
    if consent or target.loopback:  # a test that can't be recorded is not run
        context.record("runbook.webhook.overlap", resource=target.receiver.address)
    old = PreviousSecret(_OLD, pair.old.get_secret_value().encode(), revoked=revoked)
    builder = RequestBuilder(scheme, pair.new.get_secret_value().encode(), previous=old)
    return run_battery(target, builder, BatteryOptions(cases=_TRIED, consent=consent))


def pair_of(context: Context) -> SecretPair:
    """Both secrets from the profile's store: pending and current, or current and previous."""
    if context.settings.profile is Profile.SANDBOX:
        raise UsageError(
            "Sandbox rotations are rehearsals, which leave no secrets in a store.",
            "Name a real profile with --profile.",
        )
    store = _store(context)
    stages = {stage: store.read(stage) for stage in Stage}
    for new, old in ((Stage.PENDING, Stage.CURRENT), (Stage.CURRENT, Stage.PREVIOUS)):
        value, before = stages[new], stages[old]
        if value is not None and before is not None:
            for secret in (value, before):
                context.redactor.register("client_secret", secret.get_secret_value())
            return SecretPair(value, before)
    raise UsageError(
        f"{store.label} holds only one client secret: no rotation is open.",
        "Start one with `runbook rotate client-secret`, or name the old secret's variable: "
        "`runbook webhook test URL --previous-secret-variable NAME`.",
    )


def _store(context: Context) -> SecretStore:
    found = context.settings.credential(SECRET)
    if found is None and context.policy.rotation.store == "env":
        raise UsageError(f"{SECRET} is not set for this profile.", "`runbook init` sets it.")
    nowhere = Credential(SECRET, "client_secret", SecretStr(""), context.policy.rotation.store)
    return open_store(context.policy.rotation.store, context.settings, found or nowhere)
