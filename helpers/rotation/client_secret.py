"""Client secrets: they sign webhooks, so a delivery shows which one Intercom signs with.

No call tells whether a client secret is alive. What proves it is a webhook delivery whose
X-Hub-Signature (HMAC-SHA1 over the raw body) fits the new secret and not the old one. Without a
delivery a person attests it, which the ledger records as an attestation. During the overlap the
receivers have to accept both secrets.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

from helpers.rotation.procedures import Delivery, Hand, Offer, Person
from helpers.rotation.verdicts import Outlook, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

    from helpers.rotation.ledger import Entry

__all__ = ["NEW_WORKS", "OLD_REFUSED", "ClientSecret", "signs"]

NEW_WORKS: Final = "new secret works"
OLD_REFUSED: Final = "old secret refused"
_HUB: Final = "Developer Hub > your app > Basic information"
_MINT: Final = (
    "First let every webhook receiver accept both secrets: the current and the pending one.",
    f"{_HUB}: regenerate the client secret. THE OLD ONE MAY DIE AT THIS CLICK.",
    "Canvas Kit and OAuth of this app use the same secret: they change with it.",
    "Copy the new secret.",
)
_SEND: Final = (
    "Developer Hub > your app > Webhooks > Send a test request; keep the raw body it delivers. "
    "Go on with --delivery FILE --signature sha1=…, or vouch with --confirm "
)
_WITHDRAW_STOLEN: Final = (
    f"{_HUB}: regenerate the client secret NOW. THE OLD ONE MAY DIE AT THIS CLICK.",
    "Keep the new one at hand. Canvas Kit and OAuth of this app change with it.",
    "See that no receiver accepts the old secret any more, if need be by stopping them.",
    f"No call tells that it is dead: vouch for it with --confirm '{OLD_REFUSED}'.",
)
_MINT_STOLEN: Final = (f"{_HUB}: copy the secret that you have regenerated.",)
_WITHDRAW: Final = (
    "Let the receivers accept the new secret alone.",
    "See that a request signed with the old one is refused: notebook 05 tries it.",
    f"{_SEND}'{OLD_REFUSED}'.",
)


class ClientSecret:
    """The procedure of a client secret."""

    kind = "client_secret"

    def __init__(self, hand: Hand | None = None) -> None:
        self._hand = hand or Person()

    def before(self, old: SecretStr) -> Verdict:
        """Nothing can be asked; `asked` says so."""
        del old
        say = "No call tells whether a client secret is alive: deliveries will."
        return Verdict(Outlook.PROVEN, say, {"asked": False})

    def told(self, entry: Entry, *, minting: bool) -> tuple[str, ...]:
        """Where to click."""
        if entry.compromised:
            return _MINT_STOLEN if minting else _WITHDRAW_STOLEN
        return _MINT if minting else _WITHDRAW

    def mint(self, entry: Entry) -> SecretStr | None:
        """By hand."""
        return self._hand.mint(entry)

    def verify(
        self,
        entry: Entry,
        new: SecretStr,
        old: SecretStr | None,
        before: Mapping[str, Any],
        offer: Offer,
    ) -> Verdict:
        """A delivery fits the new secret and not the old one, or a person vouches for it."""
        del entry, before
        return _judged(offer, new, old, vouched=NEW_WORKS, neither=Outlook.REFUTED)

    def withdraw(self, entry: Entry, before: Mapping[str, Any]) -> bool:
        """By hand."""
        del before
        return self._hand.withdraw(entry)

    def prove_dead(
        self,
        entry: Entry,
        old: SecretStr,
        new: SecretStr | None,
        before: Mapping[str, Any],
        offer: Offer,
    ) -> Verdict:
        """Intercom signs with the new one, and the receivers refuse the old one."""
        del entry, before
        return _judged(offer, new, old, vouched=OLD_REFUSED, neither=Outlook.UNCLEAR)


def signs(secret: SecretStr | None, delivery: Delivery) -> bool:
    """Whether a secret made the signature of a delivery: `sha1=` and 40 hex characters."""
    if secret is None:
        return False
    key = secret.get_secret_value().encode()
    wanted = "sha1=" + hmac.new(key, delivery.body, hashlib.sha1).hexdigest()
    return hmac.compare_digest(wanted.encode(), delivery.signature.strip().encode())


def _judged(
    offer: Offer, new: SecretStr | None, old: SecretStr | None, *, vouched: str, neither: Outlook
) -> Verdict:
    """What a delivery shows, or else what a person vouches for."""
    delivery = offer.delivery
    if delivery is not None and (new is not None or signs(old, delivery)):
        return _shown(delivery, new, old, neither)
    if vouched in offer.shown:
        return Verdict(Outlook.PROVEN, "A receiver shows it.", {"how": offer.shown[vouched]})
    if vouched in offer.attested:
        return Verdict(Outlook.PROVEN, "A person vouches for it.", {"how": "attested"})
    say = f"{_SEND}'{vouched}'."
    return Verdict(Outlook.NOT_YET, say, {"how": "nothing yet"}, vouch=vouched)


def _shown(
    delivery: Delivery, new: SecretStr | None, old: SecretStr | None, neither: Outlook
) -> Verdict:
    by_new, by_old = signs(new, delivery), signs(old, delivery)
    detail = {"how": "delivery", "by_new": by_new, "by_old": by_old}
    if by_old:
        return Verdict(Outlook.NOT_YET, "Intercom still signs with the old secret.", detail)
    if by_new:
        return Verdict(Outlook.PROVEN, "Intercom signs with the new secret.", detail)
    say = "Neither secret signed it: is it of this app, raw, and whole?"
    return Verdict(neither, say, detail)
