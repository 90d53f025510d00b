"""The three kinds of key in a sandbox workspace: how one is made, brought, and seen to be alive."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import httpx
from pydantic import SecretStr

from helpers.intercom.calls import call_named
from helpers.intercom.client import Client
from helpers.intercom.developer_hub import App, DeveloperHub
from helpers.intercom.responses import ApiResponse
from helpers.rotation.access_token import AccessTokenProcedure
from helpers.rotation.client_secret import OLD_REFUSED, ClientSecretProcedure
from helpers.rotation.identity_secret import IdentitySecretProcedure
from helpers.rotation.procedure import OperatorInput, Procedure, SignedDelivery
from helpers.rotation.rehearsal import HubOperator
from helpers.rotation.verification import ScopeReach
from helpers.sandbox import tokens
from helpers.sandbox.seeds import DEMO

READERS = frozenset({"readers"})
SCOPES = ("read_single_admin", "read_tags", "read_secure_mode_secret", "write_secure_mode_secret")


class Key(Protocol):
    """A key to rotate: `old` is its value at the beginning."""

    old: str

    def procedure(self) -> Procedure: ...

    def offer(self) -> OperatorInput: ...

    def lives(self, value: str) -> bool: ...

    def waits(self) -> bool:
        """Whether a live key stands on the app's own page, for a person to copy."""
        ...

    def single(self, new: str) -> bool:
        """Whether the new key is the only one that was made, or is left."""
        ...


def key_of(kind: str, url: str) -> Key:
    app = DeveloperHub(f"{url}/_hub").create_app("Under test", SCOPES)
    kinds: dict[str, Callable[[str, App], Key]] = {
        "access_token": Token,
        "client_secret": Secret,
        "identity_secret": Identity,
    }
    return kinds[kind](url, app)


@dataclass
class _Key:
    url: str
    app: App

    @property
    def hub(self) -> DeveloperHub:
        return DeveloperHub(f"{self.url}/_hub")

    def now(self) -> App:
        return self.hub.app(self.app.id)


class Token(_Key):
    def __init__(self, url: str, app: App) -> None:
        super().__init__(url, app)
        self.old = app.access_token.get_secret_value()

    def procedure(self) -> Procedure:
        return AccessTokenProcedure(
            self._ask, lambda _: ScopeReach(frozenset({"read_tags"})), HubOperator(self.hub)
        )

    def offer(self) -> OperatorInput:
        return OperatorInput(attested=READERS)

    def lives(self, value: str) -> bool:
        return self._ask(SecretStr(value)).ok

    def waits(self) -> bool:
        return self._ask(self.now().access_token).ok

    def single(self, new: str) -> bool:
        apps = httpx.get(f"{self.url}/_hub/apps", verify=False).json()
        return sum(len(app["tokens"]) for app in apps if "Under test" in app["name"]) == 2

    def _ask(self, token: SecretStr) -> ApiResponse:
        with Client(token, self.url) as client:
            return client.call(call_named("GET /me"))


class Secret(_Key):
    """A client secret; the hub signs deliveries with its newest one, as Intercom does."""

    def __init__(self, url: str, app: App) -> None:
        super().__init__(url, app)
        self.old = app.client_secret.get_secret_value()

    def procedure(self) -> Procedure:
        return ClientSecretProcedure(HubOperator(self.hub))

    def offer(self) -> OperatorInput:
        key, body = self.now().client_secret.get_secret_value(), b'{"type":"notification_event"}'
        signature = "sha1=" + hmac.new(key.encode(), body, hashlib.sha1).hexdigest()
        return OperatorInput(
            attested=READERS | {OLD_REFUSED}, delivery=SignedDelivery(body, signature)
        )

    def lives(self, value: str) -> bool:
        return self.now().client_secret.get_secret_value() == value

    def waits(self) -> bool:
        return True

    def single(self, new: str) -> bool:
        return new == tokens.client_secret(f"{self.app.id}/2")


class Identity(_Key):
    def __init__(self, url: str, app: App) -> None:
        super().__init__(url, app)
        self.old = DEMO.profiles["production"].identity_secret

    def procedure(self) -> Procedure:
        return IdentitySecretProcedure(self._client)

    def offer(self) -> OperatorInput:
        return OperatorInput(attested=READERS)

    def lives(self, value: str) -> bool:
        return value in self._alive()

    def waits(self) -> bool:
        return False

    def single(self, new: str) -> bool:
        return self._alive() == [new]

    def _client(self) -> Client:
        return Client(self.app.access_token, self.url, acts=("rotation",))

    def _alive(self) -> list[str]:
        """The values of the secrets that the workspace lists, which it never tells itself."""
        with self._client() as client:
            listed = client.identity_secrets().whole()
        return [
            self.old
            if secret.name == "Production web"
            else tokens.identity_secret(f"demo/issued/{secret.id}")
            for secret in listed
        ]
