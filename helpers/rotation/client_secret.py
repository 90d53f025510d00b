"""Client secrets: they sign webhooks, so a delivery shows which one Intercom signs with.

No API call shows whether a client secret is alive. The proof is a webhook delivery whose
X-Hub-Signature (HMAC-SHA1 over the raw body) matches the new secret and not the old one. Without a
delivery a person confirms it, and the ledger records an attestation. During the overlap the
receivers must accept both secrets.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

from helpers.core.click_paths import click_path
from helpers.rotation.procedure import (
    ManualOperator,
    Operator,
    OperatorInput,
    ProbeOutcome,
    ProbeResult,
    SignedDelivery,
    clicked,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

    from helpers.rotation.ledger import LedgerEntry

__all__ = ["NEW_WORKS", "OLD_REFUSED", "ClientSecretProcedure", "signs"]

NEW_WORKS: Final = "new secret works"
OLD_REFUSED: Final = "old secret refused"
_HUB: Final = click_path("hub_app_basics")
_MINT: Final = (
    "First make every webhook receiver accept both secrets, the current and the pending one.",
    f"{_HUB}: regenerate the client secret. THE OLD ONE MAY DIE AT THIS CLICK.",
    "Canvas Kit and OAuth of this app use the same secret: they change with it.",
    "Copy the new secret.",
)
_SEND: Final = (
    f"{click_path('hub_app_webhooks')} > Send a test request; keep the raw body it delivers. "
    "Continue with --delivery FILE --signature sha1=…, or confirm it yourself with --confirm "
)
_WITHDRAW_STOLEN: Final = (
    f"{_HUB}: regenerate the client secret NOW. THE OLD ONE MAY DIE AT THIS CLICK.",
    "Keep the new one ready. Canvas Kit and OAuth of this app change with it.",
    "Make sure that no receiver accepts the old secret any more; stop receivers if you must.",
    f"No API call shows that it is dead: confirm it with --confirm '{OLD_REFUSED}'.",
)
_MINT_STOLEN: Final = (f"{_HUB}: copy the secret that you regenerated.",)
_WITHDRAW: Final = (
    "Make the receivers accept only the new secret.",
    "Check that they refuse a request signed with the old one: notebook 05 tests it.",
    f"{_SEND}'{OLD_REFUSED}'.",
)


class ClientSecretProcedure:
    """The procedure of a client secret."""

    kind = "client_secret"

    def __init__(self, operator: Operator | None = None) -> None:
        self._operator = operator or ManualOperator()

    def check_current(self, old: SecretStr) -> ProbeResult:
        """No probe exists: `asked` is False in the details."""
        del old
        message = "No API call shows whether a client secret is alive; deliveries will."
        return ProbeResult(ProbeOutcome.PROVEN, message, {"asked": False})

    def instructions(self, entry: LedgerEntry, *, minting: bool) -> tuple[str, ...]:
        """Where to click."""
        if entry.compromised:
            return _MINT_STOLEN if minting else _WITHDRAW_STOLEN
        return _MINT if minting else _WITHDRAW

    def mint(self, entry: LedgerEntry) -> SecretStr | None:
        """The new secret, if the operator can create one."""
        return self._operator.mint(entry)

    def verify(
        self,
        entry: LedgerEntry,
        new: SecretStr,
        old: SecretStr | None,
        before: Mapping[str, Any],
        supplied: OperatorInput,
    ) -> ProbeResult:
        """Check that Intercom signs with the new secret, by a delivery or a person's word."""
        del entry, before
        return _judge(supplied, new, old, name=NEW_WORKS, neither=ProbeOutcome.REFUTED)

    def revoke(self, entry: LedgerEntry, before: Mapping[str, Any]) -> ProbeResult | None:
        """Revoke the old secret, if the operator can."""
        del before
        return clicked(self._operator.revoke(entry))

    def prove_dead(
        self,
        entry: LedgerEntry,
        old: SecretStr,
        new: SecretStr | None,
        before: Mapping[str, Any],
        supplied: OperatorInput,
    ) -> ProbeResult:
        """Check that Intercom signs with the new one, and that receivers refuse the old one."""
        del entry, before
        return _judge(supplied, new, old, name=OLD_REFUSED, neither=ProbeOutcome.UNCLEAR)


def signs(secret: SecretStr | None, delivery: SignedDelivery) -> bool:
    """Whether this secret made the signature of a delivery (`sha1=` and 40 hex characters)."""
    if secret is None:
        return False
    key = secret.get_secret_value().encode()
    wanted = "sha1=" + hmac.new(key, delivery.body, hashlib.sha1).hexdigest()
    return hmac.compare_digest(wanted.encode(), delivery.signature.strip().encode())


def _judge(
    supplied: OperatorInput,
    new: SecretStr | None,
    old: SecretStr | None,
    *,
    name: str,
    neither: ProbeOutcome,
) -> ProbeResult:
    """What a delivery shows, or else what a person confirms."""
    delivery = supplied.delivery
    if delivery is not None and (new is not None or signs(old, delivery)):
        return _judge_delivery(delivery, new, old, neither)
    if name in supplied.observed:
        return ProbeResult(
            ProbeOutcome.PROVEN, "A receiver shows it.", {"how": supplied.observed[name]}
        )
    if name in supplied.attested:
        return ProbeResult(ProbeOutcome.PROVEN, "A person confirms it.", {"how": "attested"})
    message = f"{_SEND}'{name}'."
    return ProbeResult(ProbeOutcome.NOT_YET, message, {"how": "nothing yet"}, attestable=name)


def _judge_delivery(
    delivery: SignedDelivery, new: SecretStr | None, old: SecretStr | None, neither: ProbeOutcome
) -> ProbeResult:
    by_new, by_old = signs(new, delivery), signs(old, delivery)
    detail = {"how": "delivery", "by_new": by_new, "by_old": by_old}
    if by_old:
        return ProbeResult(
            ProbeOutcome.NOT_YET, "Intercom still signs with the old secret.", detail
        )
    if by_new:
        return ProbeResult(ProbeOutcome.PROVEN, "Intercom signs with the new secret.", detail)
    message = "Neither secret signed it: is it the raw, complete body from this app?"
    return ProbeResult(neither, message, detail)
