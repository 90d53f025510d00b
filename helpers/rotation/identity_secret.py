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
from helpers.core.errors import CollectionError, IntercomError, UnreachableError
from helpers.intercom.calls import call_named
from helpers.rotation.procedure import ProbeOutcome, ProbeResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from helpers.intercom.client import Client
    from helpers.intercom.responses import ApiResponse
    from helpers.rotation.ledger import LedgerEntry
    from helpers.rotation.procedure import OperatorInput

__all__ = ["OLD_DELETED", "IdentitySecretProcedure"]

OLD_DELETED: Final = "old secret deleted"

_LIST: Final = call_named("GET /secure_mode_secrets")
_CREATE: Final = call_named("POST /secure_mode_secrets")
_DELETE: Final = call_named("DELETE /secure_mode_secrets/{id}")
_PLATFORMS: Final = {"supports_web": True, "supports_ios": True, "supports_android": True}
_TYPE: Final = "identity_verification_secret"
_OK: Final = 200
_NO_CONTENT: Final = 204
_ABSENT: Final = (404, "identity_verification_secret_not_found")

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
        """Create a new one under the rotation's name. Raises CollectionError.

        An existing secret of that name was created before a crash. Its value is lost and nobody
        uses it, so it is deleted.
        """
        with self._connect() as client:
            for id_, name in _read(client.call(_LIST)).items():
                if name == _name(entry):
                    _deleted(client.call(_DELETE, id_))
            return _value(client.call(_CREATE, json={"name": _name(entry), **_PLATFORMS}))

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

    def revoke(self, entry: LedgerEntry, before: Mapping[str, Any]) -> ProbeResult | None:
        """Delete the old one where it is clear which that is, never one created later."""
        del entry
        known = before.get("ids", ())
        if len(known) != 1:
            return None
        try:
            with self._connect() as client:
                status = _deleted(client.call(_DELETE, known[0]))
        except CollectionError as error:
            return ProbeResult(_outlook(error), str(error))
        message = "Intercom confirmed that the old identity secret is deleted."
        return ProbeResult(ProbeOutcome.PROVEN, message, {"id": known[0], "status": status})

    def prove_dead(
        self,
        entry: LedgerEntry,
        old: SecretStr,
        new: SecretStr | None,
        before: Mapping[str, Any],
        supplied: OperatorInput,
    ) -> ProbeResult:
        """Check that a deletion was confirmed and that a whole list holds none of the old ones.

        A list without the old secret is no proof by itself: it may be the list that is wrong.
        """
        del old
        listed = self._listed()
        if isinstance(listed, ProbeResult):
            return listed
        detail = {"ids": sorted(listed), "how": "deleted and listed"}
        if new is not None and _name(entry) not in listed.values():
            return ProbeResult(ProbeOutcome.UNCLEAR, "The new identity secret is gone too.", detail)
        known = tuple(before.get("ids", ()))
        if len(known) != 1:
            return _attested(supplied, known, listed, detail)
        if known[0] in listed:
            message = "The old identity secret is still listed."
            return ProbeResult(ProbeOutcome.NOT_YET, message, detail)
        if before.get("withdrawn", {}).get("id") != known[0]:
            message = "The old identity secret is not listed, but no deletion of it was confirmed."
            return ProbeResult(ProbeOutcome.NOT_YET, message, detail)
        message = "The old identity secret was deleted and is no longer listed."
        return ProbeResult(ProbeOutcome.PROVEN, message, detail)

    def _listed(self) -> dict[str, str] | ProbeResult:
        """The ids and names of the live secrets, or why they can't be read."""
        try:
            with self._connect() as client:
                return _read(client.call(_LIST))
        except CollectionError as error:
            return ProbeResult(_outlook(error), str(error))


def _read(answer: ApiResponse) -> dict[str, str]:
    """The ids and names of a list that is whole and understood. Raises CollectionError."""
    body = answer.json()
    rows = body.get("data") if body.get("type") == "list" else None
    if answer.status != _OK or not isinstance(rows, list) or not all(map(_is_secret, rows)):
        raise _not_understood(answer, "a list of identity secrets")
    listed = {row["id"]: row["name"] for row in rows}
    if len(listed) < len(rows) or _has_more(body):
        raise _not_understood(answer, "the whole list of identity secrets")
    return listed


def _is_secret(row: object) -> bool:
    return (
        isinstance(row, dict)
        and row.get("type", _TYPE) == _TYPE
        and all(isinstance(row.get(key), str) and row[key] for key in ("id", "name"))
    )


def _has_more(body: Mapping[str, Any]) -> bool:
    """Whether the list announces more than one page; the description gives it no pages."""
    pages = body.get("pages")
    return bool(pages and (not isinstance(pages, dict) or pages.get("next")))


def _value(answer: ApiResponse) -> SecretStr:
    """The value of a new secret. Raises CollectionError where the answer holds none."""
    value = answer.json().get("secret")
    if not isinstance(value, str) or not value:
        raise _not_understood(answer, "the value of a new identity secret")
    return SecretStr(value)


def _deleted(answer: ApiResponse) -> int:
    """The status of a confirmed deletion. Raises CollectionError for any other answer.

    A second deletion of one id, after a crash, is answered with the documented code for an absent
    one, which confirms the first.
    """
    if answer.status == _NO_CONTENT or (answer.status, answer.code) == _ABSENT:
        return answer.status
    answer.json()  # raises for an error
    raise _not_understood(answer, "the confirmation of a deletion")


def _not_understood(answer: ApiResponse, wanted: str) -> CollectionError:
    return CollectionError(
        f"{answer.call} was answered {answer.status}, but not with {wanted}.",
        "Is a proxy answering for Intercom? Nothing is taken as done; continue with --resume.",
    )


def _outlook(error: CollectionError) -> ProbeOutcome:
    """Rate limits and server errors pass; a missing scope stays until a person fixes it."""
    status = error.status if isinstance(error, IntercomError) else 0
    passing = isinstance(error, UnreachableError) or status in (429, *range(500, 600))
    return ProbeOutcome.TRY_AGAIN if passing else ProbeOutcome.UNCLEAR


def _name(entry: LedgerEntry) -> str:
    return f"runbook rotation {entry.id}"


def _attested(
    supplied: OperatorInput,
    known: Sequence[str],
    listed: Mapping[str, str],
    detail: Mapping[str, Any],
) -> ProbeResult:
    """Only a person knows which of several is the old one, but one of them has to be gone."""
    gone = not known or any(id_ not in listed for id_ in known)
    if OLD_DELETED in supplied.attested and gone:
        return ProbeResult(
            ProbeOutcome.PROVEN, "A person confirms it.", {**detail, "how": "attested"}
        )
    message = f"Confirm '{OLD_DELETED}' once you have deleted the stolen one."
    if not gone:
        message = f"All {len(known)} identity secrets of the start are still listed. {message}"
    return ProbeResult(ProbeOutcome.NOT_YET, message, detail, attestable=OLD_DELETED)
