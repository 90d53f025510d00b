"""Access tokens: a person creates them in the Developer Hub; `GET /me` shows them alive or dead.

No API creates or revokes one. Regenerating kills the old token (assume at once: no grace period is
documented), so `in-place` can't be rolled back; `overlap` needs a second private app.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from helpers.core.click_paths import click_path
from helpers.core.errors import CollectionError
from helpers.rotation.ledger import LedgerEntry
from helpers.rotation.procedure import (
    ManualOperator,
    Operator,
    OperatorInput,
    ProbeOutcome,
    ProbeResult,
    clicked,
)
from helpers.rotation.transitions import Mode
from helpers.rotation.verification import (
    OLD_REVOKED,
    MeCall,
    ScopeProbe,
    alive,
    compare_scopes,
    prove_dead,
    verify,
)

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["AccessTokenProcedure"]

_HUB: Final = f"Open the Developer Hub ({click_path('developer_hub')})"
_TOKEN: Final = f"{_HUB} > your app > Test & Publish > Your Workspaces."
_SECOND_APP: Final = (
    f"{_HUB} and create a second private app: New app, in this workspace.",
    "Under Configure > Authentication select the scopes of the old app and no others.",
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
        "The old token still works: Intercom has not ended it, or it was never regenerated.",
        f"{_HUB} > your app > Test & Publish: check when its token was created.",
        "Continue with --resume in a few minutes.",
    ),
}
_NEVER_ALIVE: Final = (
    "If the old token did not answer when the rotation began, no probe shows that the right one "
    f"died: confirm it with --confirm '{OLD_REVOKED}'."
)
_WITHDRAW_STOLEN: Final = {
    Mode.OVERLAP: (*_UNINSTALL, _NEVER_ALIVE),
    Mode.IN_PLACE: (
        _TOKEN,
        "Click Regenerate token NOW. THE OLD TOKEN DIES AT THIS CLICK: there is no way back.",
        "Keep the new token ready: the runbook asks for it next.",
        _NEVER_ALIVE,
    ),
}
_MINT_STOLEN: Final = {
    Mode.OVERLAP: (*_SECOND_APP, "Copy its access token."),
    Mode.IN_PLACE: (_TOKEN, "Copy the token that you regenerated."),
}


class AccessTokenProcedure:
    """The procedure of an access token."""

    kind = "access_token"

    def __init__(
        self,
        ask: MeCall,
        probe: ScopeProbe,
        operator: Operator | None = None,
        *,
        workspace: str = "",
    ) -> None:
        self._ask = ask
        self._workspace = workspace  # from the settings, for an old key that no longer answers
        self._probe = probe
        self._operator = operator or ManualOperator()

    def check_current(self, old: SecretStr) -> ProbeResult:
        """Check that it is alive; record its workspace, region and scopes for the comparison."""
        result = alive(self._ask, old)
        if not result.proven:
            return result
        try:
            reach = self._probe(old)
        except CollectionError as error:
            return ProbeResult(ProbeOutcome.TRY_AGAIN, str(error), result.detail)
        return ProbeResult(result.outcome, result.message, {**result.detail, **reach.detail})

    def instructions(self, entry: LedgerEntry, *, minting: bool) -> tuple[str, ...]:
        """Where to click."""
        if entry.compromised:
            return (_MINT_STOLEN if minting else _WITHDRAW_STOLEN)[entry.mode]
        return (_MINT if minting else _WITHDRAW)[entry.mode]

    def mint(self, entry: LedgerEntry) -> SecretStr | None:
        """The new token, if the operator can create one."""
        return self._operator.mint(entry)

    def verify(
        self,
        entry: LedgerEntry,
        new: SecretStr,
        old: SecretStr | None,
        before: Mapping[str, Any],
        supplied: OperatorInput,
    ) -> ProbeResult:
        """Check that it answers 200 in the same workspace and region, with no more scopes."""
        del entry, old
        result = verify(self._ask, new, {"workspace": self._workspace, **before})
        if not result.proven:
            return result
        reach = compare_scopes(self._probe, new, before)
        detail = {**result.detail, **reach.detail}
        if reach.outcome is ProbeOutcome.REFUTED and supplied.allow_wider:
            return ProbeResult(ProbeOutcome.PROVEN, "It has more scopes, as you allowed.", detail)
        if reach.attestable and (supplied.allow_wider or reach.attestable in supplied.attested):
            message = "A person compared the scopes, which probing does not show."
            return ProbeResult(ProbeOutcome.PROVEN, message, {**detail, "how": "attested"})
        return ProbeResult(reach.outcome, reach.message, detail, reach.attestable)

    def revoke(self, entry: LedgerEntry, before: Mapping[str, Any]) -> ProbeResult | None:
        """Revoke the old token, if the operator can."""
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
        """Check the codes that it answers, with the new token as the control."""
        del entry
        # the workspace was read from a 200, also where probing the scopes then failed
        seen = bool(before.get("alive") or before.get("workspace") or before.get("withdrawn"))
        attested = before.get("how") == "attested" or OLD_REVOKED in supplied.attested
        result = prove_dead(self._ask, old, new, seen_alive=seen or attested)
        how = {} if seen or not attested else {"how": "attested"}
        return replace(result, detail={**result.detail, **how})
