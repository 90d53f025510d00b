"""What a rotation needs, put together from a profile: ledger, store, procedure, consumers, lock."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from helpers.core.context import Context
from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.settings import VARIABLES, Credential, Profile
from helpers.intercom.calls import call_named
from helpers.intercom.client import Client
from helpers.intercom.regions import base_url
from helpers.intercom.responses import ApiResponse
from helpers.rotation.access_token import AccessToken
from helpers.rotation.client_secret import ClientSecret
from helpers.rotation.consumers import Consumer
from helpers.rotation.engine import Engine
from helpers.rotation.hold import hold
from helpers.rotation.identity_secret import IdentitySecret
from helpers.rotation.ledger import Entry, Ledger
from helpers.rotation.probing import reach
from helpers.rotation.procedures import Hand, Procedure
from helpers.rotation.stores.base import SecretStore
from helpers.system.state import open_state

__all__ = ["Workshop", "actor_of", "kind_of", "ledger_of", "workshop"]


@dataclass(frozen=True)
class Workshop:
    """The engine and the ledger of one variable, held by this process."""

    variable: str
    engine: Engine
    ledger: Ledger

    def open_entry(self) -> Entry:
        """The open rotation. Raises UsageError where there is none, or none in this store."""
        found, here = self.ledger.open_entry(self.variable), self.engine.store.label
        if found is None:
            raise UsageError(
                f"No rotation of {self.variable} is open.", "Start one: `runbook rotate --help`."
            )
        if found.store != here:
            raise UsageError(
                f"The rotation of {self.variable} was begun in {found.store}, not in {here}.",
                "Name that store as you did then: --store, --env-file, or policy.toml.",
            )
        return found


def actor_of(context: Context) -> str:
    """Who works here: user and machine; the sandbox's actor is nobody in particular."""
    if context.settings.profile is Profile.SANDBOX:
        return "sandbox"
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return "unknown"


@contextmanager
def ledger_of(context: Context) -> Iterator[Ledger]:
    """The profile's ledger, closed at the end. Raises StateError."""
    with closing(open_state(context.state)) as connection:
        ledger = Ledger(
            connection, clock=context.clock, actor=actor_of(context), record=context.record
        )
        if context.settings.profile is Profile.SANDBOX:
            ledger.number_ids()
        yield ledger


@contextmanager
def workshop(
    context: Context,
    variable: str,
    *,
    store: SecretStore | None = None,
    hand: Hand | None = None,
) -> Iterator[Workshop]:
    """Hold one variable's rotation. Raises LockedError, ConfigurationError, StateError."""
    from helpers.rotation.stores.choice import open_store

    credential = _credential(context, variable)
    with hold(context.state, variable, actor_of(context)), ledger_of(context) as ledger:
        engine = Engine(
            ledger,
            store or open_store(context.policy.rotation.store, context.settings, credential),
            _procedure(context, credential.kind, hand),
            _consumers(context, variable),
            tell=context.progress,
            register=context.redactor.register,
        )
        yield Workshop(variable, engine, ledger)


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
            f"{variable} is not set for the profile {context.settings.profile}.",
            "`runbook init` sets it, or name a file with --env-file.",
        )
    return found


def _consumers(context: Context, variable: str) -> list[Consumer]:
    return [
        Consumer(c.name, c.fingerprint_file, c.fingerprint_url)
        for c in context.policy.rotation.consumers
        if c.variable == variable
    ]


def _procedure(context: Context, kind: str, hand: Hand | None) -> Procedure:
    url = base_url(context.settings)
    version = context.policy.environment.api_version

    def ask(token: SecretStr) -> ApiResponse:
        with Client(token, url, version) as client:
            return client.call(call_named("GET /me"))

    def probe(token: SecretStr) -> frozenset[str]:
        with Client(token, url, version) as client:
            return reach(client)

    def connect() -> Client:
        return Client.from_settings(context.settings, acts=("rotation",))

    if kind == "client_secret":
        return ClientSecret(hand)
    if kind == "identity_secret":
        return IdentitySecret(connect)
    workspace = context.settings.text("INTERCOM_APP_ID")
    return AccessToken(ask, probe, hand, workspace=workspace)
