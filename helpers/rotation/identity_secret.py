"""Identity secrets: the one kind that Intercom's API makes and deletes (`/secure_mode_secrets`).

Preview of the API. The value is told once, by the call that makes it; lists hold names and dates.
Old and new are valid until the old one is deleted, so this is always an overlap. Which of several
listed secrets is ours can't be told: a rotation begins only where one alone is alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from helpers.core.errors import IntercomError, UnreachableError
from helpers.rotation.verdicts import Outlook, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from helpers.intercom.client import Client
    from helpers.rotation.ledger import Entry
    from helpers.rotation.procedures import Offer

__all__ = ["OLD_DELETED", "IdentitySecret"]

OLD_DELETED: Final = "old secret deleted"

_PLACE: Final = "Settings > Messenger > Security"
_MINT: Final = (
    f"{_PLACE}: make a second identity secret and paste it here.",
    "Both are valid until the old one is deleted.",
)
_WITHDRAW: Final = (
    f"{_PLACE}: delete the old identity secret. THIS CAN'T BE UNDONE.",
    f"Where several are alive, vouch that it was the right one: --confirm '{OLD_DELETED}'.",
)


class IdentitySecret:
    """The procedure of an identity secret; `connect` opens a client that may write."""

    kind = "identity_secret"

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect

    def before(self, old: SecretStr) -> Verdict:
        """One is alive, so it must be ours."""
        del old
        listed = self._listed()
        if isinstance(listed, Verdict):
            return listed
        if len(listed) == 1:
            return Verdict(Outlook.PROVEN, "One identity secret is alive.", {"ids": sorted(listed)})
        say = f"{len(listed)} identity secrets are alive; delete those that nothing signs with "
        say += f"({_PLACE}), so that it is clear which one is replaced."
        return Verdict(Outlook.REFUTED, say, {"ids": sorted(listed)})

    def told(self, entry: Entry, *, minting: bool) -> tuple[str, ...]:
        """Where to click, if the API can't be used."""
        del entry
        return _MINT if minting else _WITHDRAW

    def mint(self, entry: Entry) -> SecretStr | None:
        """A new one under the rotation's name.

        One of that name that is there already was made before a crash and its value is lost, in use
        by nobody: it is deleted.
        """
        with self._connect() as client:
            for secret in client.identity_secrets():
                if secret.get("name") == _name(entry):
                    client.delete_identity_secret(str(secret["id"]))
            made = client.create_identity_secret(_name(entry))
        return SecretStr(str(made["secret"]))

    def verify(
        self,
        entry: Entry,
        new: SecretStr,
        old: SecretStr | None,
        before: Mapping[str, Any],
        offer: Offer,
    ) -> Verdict:
        """The workspace lists it."""
        del new, old, before, offer
        listed = self._listed()
        if isinstance(listed, Verdict):
            return listed
        detail = {"ids": sorted(listed)}
        if _name(entry) in listed.values():
            return Verdict(Outlook.PROVEN, "The workspace lists it.", detail)
        return Verdict(Outlook.REFUTED, "The workspace does not list the new secret.", detail)

    def withdraw(self, entry: Entry, before: Mapping[str, Any]) -> bool:
        """Delete the old one, where it is clear which that is: none that came later."""
        del entry
        listed, known = self._listed(), before.get("ids", ())
        if isinstance(listed, Verdict) or len(known) != 1:
            return False
        if known[0] in listed:
            with self._connect() as client:
                client.delete_identity_secret(known[0])
        return True

    def prove_dead(
        self,
        entry: Entry,
        old: SecretStr,
        new: SecretStr | None,
        before: Mapping[str, Any],
        offer: Offer,
    ) -> Verdict:
        """The workspace no longer lists what it listed before, but the new one."""
        del old
        listed = self._listed()
        if isinstance(listed, Verdict):
            return listed
        detail = {"ids": sorted(listed), "how": "listed"}
        if new is not None and _name(entry) not in listed.values():
            return Verdict(Outlook.UNCLEAR, "The new identity secret is gone too.", detail)
        left = _left(listed, entry, before)
        if not left:
            return Verdict(Outlook.PROVEN, "The old identity secret is no longer listed.", detail)
        if len(before.get("ids", ())) != 1:
            return _vouched(offer, detail)
        return Verdict(Outlook.NOT_YET, "The old identity secret is still listed.", detail)

    def _listed(self) -> dict[str, str] | Verdict:
        """The ids and names of the living ones, or why that can't be said."""
        try:
            with self._connect() as client:
                found = client.identity_secrets()
        except (IntercomError, UnreachableError) as error:
            return Verdict(_outlook(error), str(error))
        return {str(secret["id"]): str(secret.get("name") or "") for secret in found}


def _outlook(error: IntercomError | UnreachableError) -> Outlook:
    """A rate limit and a failing server pass; a missing scope stays until a person mends it."""
    passing = isinstance(error, UnreachableError) or error.status in (429, *range(500, 600))
    return Outlook.TRY_AGAIN if passing else Outlook.UNCLEAR


def _name(entry: Entry) -> str:
    return f"runbook rotation {entry.id}"


def _left(listed: Mapping[str, str], entry: Entry, before: Mapping[str, Any]) -> list[str]:
    """What is alive still of what was before; all but the new one where nobody could look."""
    known = before.get("ids")
    return [i for i, name in listed.items() if name != _name(entry) and (not known or i in known)]


def _vouched(offer: Offer, detail: Mapping[str, Any]) -> Verdict:
    """Which of several is the old one, a person alone can know."""
    if OLD_DELETED in offer.attested:
        return Verdict(Outlook.PROVEN, "A person vouches for it.", {**detail, "how": "attested"})
    say = f"Others are listed: vouch for '{OLD_DELETED}' once the stolen one is deleted."
    return Verdict(Outlook.NOT_YET, say, detail, vouch=OLD_DELETED)
