"""A receiver during the rotation of its client secret: what crosses from rotation to webhooks.

The store holds both secrets while a rotation is open. The receiver is tested with both, so
that nobody copies a secret for it: accepted during the overlap, the old one refused afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from helpers.core.errors import UsageError
from helpers.core.settings import Credential, Profile
from helpers.rotation.stores.base import SecretStore, Stage
from helpers.rotation.stores.choice import open_store
from helpers.webhooks.action import SECRET, URL, run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.cases import CORE
from helpers.webhooks.records import BatteryResult
from helpers.webhooks.request_builder import PreviousSecret, RequestBuilder
from helpers.webhooks.signatures import WEBHOOK, Scheme
from helpers.webhooks.target import parse_target

if TYPE_CHECKING:
    from helpers.core.context import Context

__all__ = ["Pair", "pair_of", "try_overlap"]

_TRIED: Final = (*CORE, "R12", "R14", "R15", "O01", "O02", "O03")
_OLD: Final = f"{SECRET}_PREVIOUS"  # what a curl line calls it; no setting has this name


@dataclass(frozen=True)
class Pair:
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

    The client secret signs Canvas Kit requests as well: `scheme` says which the receiver takes.
    Raises UsageError where no rotation left two secrets, no receiver is known, or consent is
    missing; StoreError where the store can't be read.
    """
    address = url or context.settings.text(URL)
    if not address:
        raise UsageError(
            "No receiver is configured.", f"Set {URL}, or give its address with --url."
        )
    target, pair = parse_target(address), pair_of(context)
    if consent or target.loopback:  # what can't be recorded is not done
        context.record("runbook.webhook.overlap", resource=target.receiver.address)
    old = PreviousSecret(_OLD, pair.old.get_secret_value().encode(), revoked=revoked)
    builder = RequestBuilder(scheme, pair.new.get_secret_value().encode(), previous=old)
    return run_battery(target, builder, BatteryOptions(cases=_TRIED, consent=consent))


def pair_of(context: Context) -> Pair:
    """Both secrets out of the profile's store: pending and current, or current and previous."""
    if context.settings.profile is Profile.SANDBOX:
        raise UsageError(
            "The sandbox rotates in a rehearsal of its own, which leaves nothing behind.",
            "Name a real profile with --profile.",
        )
    store = _store(context)
    stages = {stage: store.read(stage) for stage in Stage}
    for new, old in ((Stage.PENDING, Stage.CURRENT), (Stage.CURRENT, Stage.PREVIOUS)):
        value, before = stages[new], stages[old]
        if value is not None and before is not None:
            for secret in (value, before):
                context.redactor.register("client_secret", secret.get_secret_value())
            return Pair(value, before)
    raise UsageError(
        f"{store.label} holds one client secret alone: no rotation is under way.",
        "Begin one with `runbook rotate client-secret`, or name the old secret's variable: "
        "`runbook webhook test URL --previous-secret-variable NAME`.",
    )


def _store(context: Context) -> SecretStore:
    found = context.settings.credential(SECRET)
    if found is None and context.policy.rotation.store == "env":
        raise UsageError(f"{SECRET} is not set for this profile.", "`runbook init` sets it.")
    nowhere = Credential(SECRET, "client_secret", SecretStr(""), context.policy.rotation.store)
    return open_store(context.policy.rotation.store, context.settings, found or nowhere)
