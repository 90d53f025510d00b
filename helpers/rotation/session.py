"""A session on one rotation, opened from a profile: lock, ledger, store, procedure, consumers."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from helpers.core.context import Context
from helpers.core.errors import ConfigurationError, LockedError, UsageError
from helpers.core.settings import VARIABLES, Credential, Profile, Trust
from helpers.intercom.calls import call_named
from helpers.intercom.client import Client
from helpers.intercom.regions import base_url
from helpers.intercom.responses import ApiResponse
from helpers.rotation.access_token import AccessTokenProcedure
from helpers.rotation.client_secret import ClientSecretProcedure
from helpers.rotation.engine import RotationEngine
from helpers.rotation.evidence import Consumer
from helpers.rotation.identity_secret import IdentitySecretProcedure
from helpers.rotation.ledger import Ledger, LedgerEntry
from helpers.rotation.procedure import Operator, Procedure
from helpers.rotation.stores.base import SecretStore
from helpers.rotation.verification import ScopeReach, probe_reach
from helpers.system.lock import locked
from helpers.system.state import open_state

__all__ = ["RotationSession", "actor_of", "kind_of", "open_ledger", "open_session", "rotation_lock"]


@dataclass(frozen=True)
class RotationSession:
    """The engine and the ledger of one variable, which this process has locked."""

    variable: str
    engine: RotationEngine
    ledger: Ledger

    def open_entry(self) -> LedgerEntry:
        """The open rotation. Raises UsageError where none is open in this store."""
        found, here = self.ledger.open_entry(self.variable), self.engine.store.label
        if found is None:
            raise UsageError(
                f"No rotation of {self.variable} is open.", "Start one: `runbook rotate --help`."
            )
        if found.store != here:
            raise UsageError(
                f"The rotation of {self.variable} was started in {found.store}, not in {here}.",
                "Name the same store again: --store, --env-file, or policy.toml.",
            )
        return found


def actor_of(context: Context) -> str:
    """The user and machine that the ledger records; `sandbox` in the sandbox."""
    if context.settings.profile is Profile.SANDBOX:
        return "sandbox"
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return "unknown"


@contextmanager
def open_ledger(context: Context) -> Iterator[Ledger]:
    """The profile's ledger, closed at the end. Raises StateError."""
    with closing(open_state(context.state)) as connection:
        ledger = Ledger(
            connection, clock=context.clock, actor=actor_of(context), record=context.record
        )
        if context.settings.profile is Profile.SANDBOX:
            ledger.use_sequential_ids()
        yield ledger


@contextmanager
def open_session(
    context: Context,
    variable: str,
    *,
    store: SecretStore | None = None,
    operator: Operator | None = None,
) -> Iterator[RotationSession]:
    """Lock the rotation of one variable. Raises LockedError, ConfigurationError, StateError."""
    from helpers.rotation.stores.base import open_store

    credential = _credential(context, variable)
    with rotation_lock(context.state, variable, actor_of(context)), open_ledger(context) as ledger:
        engine = RotationEngine(
            ledger,
            store or open_store(context.policy.rotation.store, context.settings, credential),
            _procedure(context, credential, operator),
            consumers_of(context, variable),
            progress=context.progress,
            register=context.redactor.register,
        )
        yield RotationSession(variable, engine, ledger)


def kind_of(variable: str) -> str:
    """The kind of secret that a variable holds."""
    return next(known.kind for known in VARIABLES if known.name == variable)


def _credential(context: Context, variable: str) -> Credential:
    found = context.settings.credential(variable)
    if found is None and context.policy.rotation.store != "env":
        store = context.policy.rotation.store
        return Credential(variable, kind_of(variable), SecretStr(""), store)
    if found is None:
        raise ConfigurationError(
            f"{variable} is not set for {context.settings.name}.",
            "`runbook init` sets it, or name a file with --env-file.",
        )
    return found


def consumers_of(context: Context, variable: str) -> list[Consumer]:
    """What the policy says uses this variable's key."""
    return [
        Consumer(c.name, c.fingerprint_file, c.fingerprint_url)
        for c in context.policy.rotation.consumers
        if c.variable == variable
    ]


def _procedure(context: Context, credential: Credential, operator: Operator | None) -> Procedure:
    kind = credential.kind
    url = base_url(context.settings, credential.variable, elsewhere=Trust.OPERATOR)
    version = context.policy.environment.api_version

    def ask(token: SecretStr) -> ApiResponse:
        with Client(token, url, version) as client:
            return client.call(call_named("GET /me"))

    def probe(token: SecretStr) -> ScopeReach:
        with Client(token, url, version) as client:
            return probe_reach(client)

    def connect() -> Client:
        return Client.from_settings(context.settings, acts=("rotation",))

    if kind == "client_secret":
        return ClientSecretProcedure(operator)
    if kind == "identity_secret":
        return IdentitySecretProcedure(connect)
    workspace = context.settings.text("INTERCOM_APP_ID")
    return AccessTokenProcedure(ask, probe, operator, workspace=workspace)


@contextmanager
def rotation_lock(folder: Path, variable: str, who: str) -> Iterator[None]:
    """Lock the rotation of a variable. The kernel releases the lock when the process ends.

    Raises LockedError, which names the holder, and StateError where the folder can't be written.
    """

    def busy(holder: str) -> LockedError:
        return LockedError(
            f"{holder or 'someone'} is working on the rotation of {variable} right now.",
            "Wait until they are done, or ask them; `runbook rotate status` shows its state.",
        )

    with locked(folder / f"rotation-{variable}.lock", note=who, busy=busy):
        yield
