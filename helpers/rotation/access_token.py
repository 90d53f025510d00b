"""Access tokens: made by a person in the Developer Hub, verified and proven dead by `GET /me`.

No API mints or revokes one. Regenerating kills the old token (assume at once: a grace period is not
documented), so `in-place` is forward only; `overlap` takes a second private app.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from helpers.core.errors import CollectionError
from helpers.rotation.ledger import Entry
from helpers.rotation.procedures import Hand, Offer, Person
from helpers.rotation.transitions import Mode
from helpers.rotation.verdicts import Outlook, Verdict
from helpers.rotation.verification import Ask, Probe, alive, compare_scopes, prove_dead, verify

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["AccessToken"]

_HUB: Final = "Open the Developer Hub (Settings > Integrations > Developer Hub)"
_TOKEN: Final = f"{_HUB} > your app > Test & Publish > Your Workspaces."
_SECOND_APP: Final = (
    f"{_HUB} and make a second private app: New app, in this workspace.",
    "Under Configure > Authentication tick the scopes of the old app and no other.",
)
_UNINSTALL: Final = (
    f"{_HUB} > the OLD app > Test & Publish.",
    "Uninstall the old app from this workspace. The runbook never does that: it can't be undone.",
)
_MINT: Final = {
    Mode.OVERLAP: (*_SECOND_APP, "Copy its access token. Both tokens are alive from now on."),
    Mode.IN_PLACE: (
        _TOKEN,
        "Click Regenerate token. THE OLD TOKEN MAY DIE AT THIS CLICK: there is no way back.",
        "Copy the new token.",
    ),
}
_WITHDRAW: Final = {
    Mode.OVERLAP: _UNINSTALL,
    Mode.IN_PLACE: (
        "The old token still answers: Intercom lets it live on, or it was never regenerated.",
        f"{_HUB} > your app > Test & Publish: see when its token was made.",
        "Go on with --resume in a few minutes.",
    ),
}
_WITHDRAW_STOLEN: Final = {
    Mode.OVERLAP: _UNINSTALL,
    Mode.IN_PLACE: (
        _TOKEN,
        "Click Regenerate token NOW. THE OLD TOKEN DIES WITH IT: there is no way back, only on.",
        "Keep the new token at hand; it is asked for next.",
    ),
}
_MINT_STOLEN: Final = {
    Mode.OVERLAP: (*_SECOND_APP, "Copy its access token."),
    Mode.IN_PLACE: (_TOKEN, "Copy the token that you have regenerated."),
}


class AccessToken:
    """The procedure of an access token."""

    kind = "access_token"

    def __init__(
        self, ask: Ask, probe: Probe, hand: Hand | None = None, *, workspace: str = ""
    ) -> None:
        self._ask = ask
        self._workspace = workspace  # as the settings have it, where the old key tells no more
        self._probe = probe
        self._hand = hand or Person()

    def before(self, old: SecretStr) -> Verdict:
        """It is alive; where it belongs and what it reaches is kept to compare with."""
        verdict = alive(self._ask, old)
        if not verdict.proven:
            return verdict
        try:
            scopes = sorted(self._probe(old))
        except CollectionError as error:
            return Verdict(Outlook.TRY_AGAIN, str(error), verdict.detail)
        return Verdict(verdict.outlook, verdict.say, {**verdict.detail, "scopes": scopes})

    def told(self, entry: Entry, *, minting: bool) -> tuple[str, ...]:
        """Where to click."""
        if entry.compromised:
            return (_MINT_STOLEN if minting else _WITHDRAW_STOLEN)[entry.mode]
        return (_MINT if minting else _WITHDRAW)[entry.mode]

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
        """It answers 200, in the same workspace and region, with no scope more."""
        del entry, old
        verdict = verify(self._ask, new, {"workspace": self._workspace, **before})
        if not verdict.proven or "scopes" not in before:
            return verdict
        reach = compare_scopes(self._probe, new, frozenset(before["scopes"]))
        detail = {**verdict.detail, **reach.detail}
        if reach.outlook is Outlook.REFUTED and offer.allow_wider:
            return Verdict(Outlook.PROVEN, "It reaches further, as was allowed.", detail)
        return Verdict(reach.outlook, reach.say, detail)

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
        """By the codes it answers, with the new one beside it."""
        del offer
        seen_alive = bool(before.get("alive")) or entry.compromised
        return prove_dead(self._ask, old, new, seen_alive=seen_alive)
