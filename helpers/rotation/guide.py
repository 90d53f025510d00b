"""One rotation as a person goes through it: the same for the command line and the notebook.

Each call takes the lock, continues as far as it can, and releases the lock. Between two calls a
person clicks in the Developer Hub, and anybody may resume, from any machine that shares the state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from helpers.core.context import Context
from helpers.core.errors import UsageError
from helpers.rotation.context import RotationStatus
from helpers.rotation.ledger import LedgerEntry, LedgerEvent
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.rehearsal import rehearsal_session
from helpers.rotation.session import (
    RotationSession,
    consumers_of,
    kind_of,
    open_ledger,
    open_session,
)
from helpers.rotation.transitions import MODES, Mode, State

__all__ = ["Guide", "plan"]


class Guide:
    """Leads through the rotation of one variable of one profile."""

    def __init__(self, context: Context, variable: str, *, by_hand: bool = False) -> None:
        self._context = context
        self.variable = variable
        self._by_hand = by_hand  # in the sandbox: a person clicks, not the hub

    @property
    def persistent(self) -> bool:
        """Whether the next command can resume this rotation; not in the sandbox profile."""
        return not self._context.hub

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that this key can be rotated in, the default first."""
        return MODES[kind_of(self.variable)]

    def plan(self, mode: Mode, *, compromised: bool = False) -> tuple[str, ...]:
        """What will happen, as lines. Raises UsageError where this key does not have that mode."""
        self._demand(mode)
        return plan(kind_of(self.variable), mode, compromised=compromised)

    def dry_run(self, *, compromised: bool = False) -> str:
        """Run every check that comes before a rotation. Raises what would stop it."""
        with self._session() as session:
            if session.ledger.open_entry(self.variable):
                raise UsageError(
                    f"A rotation of {self.variable} is open.", "Continue with --resume."
                )
            _, result = session.engine.preflight(compromised=compromised)
            caveats = session.engine.store.capabilities.caveats
        return " ".join((result.message, *caveats))

    def start(self, mode: Mode, *, compromised: bool = False) -> RotationStatus:
        """Open a rotation and continue until it has to wait."""
        self._demand(mode)
        with self._session() as session:
            entry = session.engine.start(self.variable, mode, compromised=compromised)
            return session.engine.resume(entry)

    def resume(self, supplied: OperatorInput | None = None) -> RotationStatus:
        """Resume the open rotation. Raises UsageError where there is none."""
        with self._session() as session:
            return session.engine.resume(session.open_entry(), supplied)

    def abort(self) -> RotationStatus:
        """Abort the open rotation before the swap."""
        with self._session() as session:
            return session.engine.abort(session.open_entry())

    def roll_back(self) -> RotationStatus:
        """Put the old key back while it is alive."""
        with self._session() as session:
            return session.engine.roll_back(session.open_entry())

    def status(self) -> RotationStatus | None:
        """The open rotation as the ledger holds it, if there is one."""
        with open_ledger(self._context) as ledger:
            found = ledger.open_entry(self.variable)
        return RotationStatus(found) if found else None

    def point_of_no_return(self, entry: LedgerEntry | None, *, compromised: bool = False) -> str:
        """What the next call does that can't be undone, as a sentence; empty where nothing is.

        Without an entry the next call is `start`, otherwise `resume`. What a person does in
        Intercom is not meant: `instructions` warn of that.
        """
        by_api = kind_of(self.variable) == "identity_secret"
        if entry is None:
            return _REVOKES_FIRST if compromised and by_api else ""
        at, revokes = entry.resumes_at, by_api or bool(self._context.hub)
        if entry.compromised:
            return _REVOKES_FIRST if revokes and at is State.PLANNED else ""
        if at is State.CONFIRMED or (at is State.SWAPPED and revokes):
            return _REVOKES if revokes else _DELETES
        return _REVOKES if revokes and at is not State.REVOKED and self._confirms_itself() else ""

    def _confirms_itself(self) -> bool:
        """Whether no person is asked between the new key and the end of the old one."""
        consumers = consumers_of(self._context, self.variable)
        return bool(consumers) and all(c.how != "attested" for c in consumers)

    def history(self) -> tuple[LedgerEvent, ...]:
        """The events of the open rotation, or of the last one."""
        with open_ledger(self._context) as ledger:
            entries = [e for e in ledger.entries() if e.variable == self.variable]
            return ledger.events(entries[-1]) if entries else ()

    def _demand(self, mode: Mode) -> None:
        if mode not in self.modes:
            raise UsageError(
                f"{self.variable} can't be rotated in mode {mode}.",
                f"Use --mode {self.modes[0]}, or omit --mode.",
            )

    @contextmanager
    def _session(self) -> Iterator[RotationSession]:
        context, variable = self._context, self.variable
        make = rehearsal_session(context, variable, by_hand=self._by_hand) if context.hub else None
        with make or open_session(context, variable) as session:
            yield session


_REVOKES_FIRST: Final = "The runbook revokes the key at once. There is no way back."
_REVOKES: Final = "The runbook revokes the old key once nothing uses it. There is no way back."
_DELETES: Final = "Once the old key is proven dead, it is deleted here. There is no way back."
_FIRST: Final = "1. The runbook checks the key in use and the store. Nothing changes."
_PLANNED: Final[Mapping[tuple[str, Mode], tuple[str, ...]]] = {
    ("access_token", Mode.OVERLAP): (
        _FIRST,
        "2. YOU create a second private app with the same scopes, and paste its token here.",
        "3. The new token is stored beside the old one and verified: workspace, region, scopes.",
        "4. The new token becomes current in the store; the old one is kept and stays alive.",
        "5. Every consumer confirms that it uses the new token. Up to here you can go back.",
        "6. YOU uninstall the old app. THIS CAN'T BE UNDONE. The runbook never does it.",
        "7. The old token is proven dead and deleted.",
    ),
    ("access_token", Mode.IN_PLACE): (
        _FIRST,
        (
            "2. YOU regenerate the token and paste the new one here. THIS CAN'T BE UNDONE: assume "
            "that the old one dies at the click, and that everything using it fails until step 5."
        ),
        "3. The new token is stored beside the old one and verified: workspace, region, scopes.",
        "4. The new token becomes current in the store.",
        "5. Every consumer confirms that it uses the new token.",
        "6. The old token is proven dead and deleted.",
    ),
    ("client_secret", Mode.IN_PLACE): (
        "1. The runbook checks the store. No API call shows whether a client secret is alive.",
        (
            "2. YOU make every webhook receiver accept two secrets, regenerate the client secret, "
            "and paste it here. THIS CAN'T BE UNDONE: assume that the old one dies at the click."
        ),
        "3. The new secret is stored beside the old one. A delivery shows that Intercom uses it.",
        "4. The new secret becomes current in the store.",
        "5. Every receiver confirms that it accepts the new secret.",
        "6. The receivers refuse the old secret, and it is deleted here.",
    ),
    ("identity_secret", Mode.OVERLAP): (
        "1. The runbook asks the workspace which identity secrets are alive. Nothing changes.",
        "2. Intercom's API creates a second one. Both are valid.",
        "3. The new secret is stored beside the old one, and the workspace lists it.",
        "4. The new secret becomes current in the store.",
        "5. Every server confirms that it signs with the new one. Up to here you can go back.",
        "6. Intercom's API deletes the old secret. THIS CAN'T BE UNDONE.",
        "7. The workspace lists only the new one, and the old one is deleted here too.",
    ),
}
_COMPROMISED: Final = (
    "1. YOU revoke the key NOW. THIS CAN'T BE UNDONE: everything using it fails until step 5.",
    "2. The key is proven dead. From here on there may be no live key: the gap is recorded.",
    "3. YOU paste the new key here. It is stored and verified.",
    "4. The new key becomes current in the store.",
    "5. Every consumer confirms that it uses the new key, and the gap ends.",
    "6. The old key is proven dead again, with the new one as the control, and deleted.",
)
_COMPROMISED_IDENTITY: Final = (
    (
        "1. Intercom's API deletes the secret AT ONCE. THIS CAN'T BE UNDONE: no user can be "
        "verified until step 5."
    ),
    "2. The workspace no longer lists it. From here on none is alive: the gap is recorded.",
    "3. Intercom's API creates the new one. It is stored, and the workspace lists it.",
    "4. The new secret becomes current in the store.",
    "5. Every server confirms that it signs with the new one, and the gap ends.",
    "6. The workspace lists only the new one, and the old one is deleted here too.",
)


def plan(kind: str, mode: Mode, *, compromised: bool) -> tuple[str, ...]:
    """The steps of a rotation of this kind of key, one line each."""
    if compromised:
        return _COMPROMISED_IDENTITY if kind == "identity_secret" else _COMPROMISED
    return _PLANNED[kind, mode]
