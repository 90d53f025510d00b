"""Identity secrets: the one kind that Intercom's API creates and deletes (`/secure_mode_secrets`).

This needs the Preview version of the API. Only the call that creates a secret returns its value;
lists hold names and dates. Old and new are valid until the old one is deleted, so this is always
an overlap. The API can't show which of several secrets is ours, so a rotation starts only if there
is exactly one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from helpers.core.click_paths import click_path
from helpers.core.errors import IntercomError, UnreachableError
from helpers.rotation.procedure import ProbeOutcome, ProbeResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from helpers.intercom.client import Client
    from helpers.rotation.ledger import LedgerEntry
    from helpers.rotation.procedure import OperatorInput

__all__ = ["OLD_DELETED", "IdentitySecretProcedure"]

OLD_DELETED: Final = "old secret deleted"

_PLACE: Final = click_path("messenger_security")
_MINT: Final = (
    f"{_PLACE}: create a second identity secret and paste it here.",
    "Both are valid until the old one is deleted.",
)
_WITHDRAW: Final = (
    f"{_PLACE}: delete the old identity secret. THIS CAN'T BE UNDONE.",
    f"If several are alive, confirm that you deleted the right one: --confirm '{OLD_DELETED}'.",
)


class IdentitySecretProcedure:
    """The procedure of an identity secret; `connect` opens a client that may write."""

    kind = "identity_secret"

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect

    def check_current(self, old: SecretStr) -> ProbeResult:
        """Check that one is alive: then it is ours."""
        del old
        listed = self._listed()
        if isinstance(listed, ProbeResult):
            return listed
        if len(listed) == 1:
            return ProbeResult(
                ProbeOutcome.PROVEN, "One identity secret is alive.", {"ids": sorted(listed)}
            )
        message = f"{len(listed)} identity secrets are alive; delete the unused ones "
        message += f"({_PLACE}), so that it is clear which one to replace."
        return ProbeResult(ProbeOutcome.REFUTED, message, {"ids": sorted(listed)})

    def instructions(self, entry: LedgerEntry, *, minting: bool) -> tuple[str, ...]:
        """Where to click if the API can't be used."""
        del entry
        return _MINT if minting else _WITHDRAW

    def mint(self, entry: LedgerEntry) -> SecretStr | None:
        """Create a new one under the rotation's name.

        An existing secret of that name was created before a crash. Its value is lost and nobody
        uses it, so it is deleted.
        """
        with self._connect() as client:
            for secret in client.identity_secrets():
                if secret.get("name") == _name(entry):
                    client.delete_identity_secret(str(secret["id"]))
            made = client.create_identity_secret(_name(entry))
        return SecretStr(str(made["secret"]))

    def verify(
        self,
        entry: LedgerEntry,
        new: SecretStr,
        old: SecretStr | None,
        before: Mapping[str, Any],
        supplied: OperatorInput,
    ) -> ProbeResult:
        """Check that the workspace lists it."""
        del new, old, before, supplied
        listed = self._listed()
        if isinstance(listed, ProbeResult):
            return listed
        detail = {"ids": sorted(listed)}
        if _name(entry) in listed.values():
            return ProbeResult(ProbeOutcome.PROVEN, "The workspace lists it.", detail)
        return ProbeResult(
            ProbeOutcome.REFUTED, "The workspace does not list the new secret.", detail
        )

    def revoke(self, entry: LedgerEntry, before: Mapping[str, Any]) -> bool:
        """Delete the old one where it is clear which that is, never one created later."""
        del entry
        listed, known = self._listed(), before.get("ids", ())
        if isinstance(listed, ProbeResult) or len(known) != 1:
            return False
        if known[0] in listed:
            with self._connect() as client:
                client.delete_identity_secret(known[0])
        return True

    def prove_dead(
        self,
        entry: LedgerEntry,
        old: SecretStr,
        new: SecretStr | None,
        before: Mapping[str, Any],
        supplied: OperatorInput,
    ) -> ProbeResult:
        """Check that the workspace lists the new one and none of the earlier ones."""
        del old
        listed = self._listed()
        if isinstance(listed, ProbeResult):
            return listed
        detail = {"ids": sorted(listed), "how": "listed"}
        if new is not None and _name(entry) not in listed.values():
            return ProbeResult(ProbeOutcome.UNCLEAR, "The new identity secret is gone too.", detail)
        left = _remaining(listed, entry, before)
        if not left:
            return ProbeResult(
                ProbeOutcome.PROVEN, "The old identity secret is no longer listed.", detail
            )
        if len(before.get("ids", ())) != 1:
            return _attested(supplied, detail)
        return ProbeResult(ProbeOutcome.NOT_YET, "The old identity secret is still listed.", detail)

    def _listed(self) -> dict[str, str] | ProbeResult:
        """The ids and names of the live secrets, or why they can't be read."""
        try:
            with self._connect() as client:
                found = client.identity_secrets()
        except (IntercomError, UnreachableError) as error:
            return ProbeResult(_outlook(error), str(error))
        return {str(secret["id"]): str(secret.get("name") or "") for secret in found}


def _outlook(error: IntercomError | UnreachableError) -> ProbeOutcome:
    """Rate limits and server errors pass; a missing scope stays until a person fixes it."""
    passing = isinstance(error, UnreachableError) or error.status in (429, *range(500, 600))
    return ProbeOutcome.TRY_AGAIN if passing else ProbeOutcome.UNCLEAR


def _name(entry: LedgerEntry) -> str:
    return f"runbook rotation {entry.id}"


def _remaining(
    listed: Mapping[str, str], entry: LedgerEntry, before: Mapping[str, Any]
) -> list[str]:
    """The earlier secrets that are still alive; all but the new one where none were recorded."""
    known = before.get("ids")
    return [i for i, name in listed.items() if name != _name(entry) and (not known or i in known)]


def _attested(supplied: OperatorInput, detail: Mapping[str, Any]) -> ProbeResult:
    """Only a person knows which of several is the old one."""
    if OLD_DELETED in supplied.attested:
        return ProbeResult(
            ProbeOutcome.PROVEN, "A person confirms it.", {**detail, "how": "attested"}
        )
    message = f"Others are listed: confirm '{OLD_DELETED}' once you have deleted the stolen one."
    return ProbeResult(ProbeOutcome.NOT_YET, message, detail, attestable=OLD_DELETED)
