"""Rotations in the sandbox: a session on a separate key, and an operator that clicks in the hub."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from helpers.core.context import Context
from helpers.core.errors import StateError
from helpers.intercom.developer_hub import App, DeveloperHub
from helpers.rotation.ledger import LedgerEntry
from helpers.rotation.session import RotationSession, kind_of, open_session
from helpers.rotation.stores.envfile import EnvFileStore
from helpers.rotation.transitions import Mode

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["REHEARSED", "HubOperator", "rehearsal_session"]

REHEARSED = "INTERCOM_ACCESS_TOKEN"
_APP = "Rotation rehearsal"
_SCOPES = ("read_single_admin", "read_admins", "read_tags")


@contextmanager
def rehearsal_session(
    context: Context, variable: str = REHEARSED, *, by_hand: bool = False
) -> Iterator[RotationSession]:
    """A session on a separate key and env file. The hub clicks, unless a person does."""
    hub, kind = DeveloperHub(context.hub), kind_of(variable)
    store = EnvFileStore(_env_file(context, hub, variable), variable, kind)
    operator = None if by_hand else HubOperator(hub)
    with open_session(context, variable, store=store, operator=operator) as session:
        yield session


def _env_file(context: Context, hub: DeveloperHub, variable: str) -> Path:
    """The env file of the rehearsal, created on first use."""
    path = context.state / "rehearsal" / variable / ".env"
    if not path.is_file():
        key, kind = _key(context, hub, variable).get_secret_value(), kind_of(variable)
        context.redactor.register(kind, key)
        _write(path, f"{variable}={key}\n")
    return path


def _key(context: Context, hub: DeveloperHub, variable: str) -> SecretStr:
    """The key of an app made for rehearsals, or the workspace's one identity secret."""
    held = context.settings.credential(variable)
    if held and held.kind == "identity_secret":
        return held.value
    app = hub.app_named(_APP) or hub.create_app(_APP, _SCOPES)
    return app.client_secret if kind_of(variable) == "client_secret" else app.access_token


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


class HubOperator:
    """Creates and revokes access tokens and client secrets in a sandbox.

    Each click is made once, however often it is asked for.
    """

    def __init__(self, hub: DeveloperHub) -> None:
        self._hub = hub

    def mint(self, entry: LedgerEntry) -> SecretStr | None:
        """The new key, made now or found where a crash came after it was made."""
        old = self._old(entry)
        if entry.kind == "client_secret":
            return self._regenerated(entry, old).client_secret
        if entry.mode is Mode.IN_PLACE:
            return self._regenerated(entry, old).access_token
        name = f"{old.name} ({entry.id})"
        found = self._hub.app_named(name) or self._hub.create_app(name, old.scopes)
        return found.access_token

    def revoke(self, entry: LedgerEntry) -> bool:
        """Uninstall the old app, or regenerate its key if that has not been done yet."""
        old = self._old(entry)
        if entry.mode is Mode.IN_PLACE:
            self._regenerated(entry, old)
        elif old.installed:
            self._hub.uninstall(old.id)
        return True

    def _regenerated(self, entry: LedgerEntry, old: App) -> App:
        if entry.kind == "client_secret":
            made, regenerate = old.client_secret_fingerprints, self._hub.regenerate_client_secret
        else:
            made, regenerate = old.token_fingerprints, self._hub.regenerate_token
        return regenerate(old.id) if made[-1] == entry.old_fingerprint else old

    def _old(self, entry: LedgerEntry) -> App:
        found = self._hub.app_of(entry.old_fingerprint)
        if found is None:
            raise StateError("The sandbox does not know the old key.", "Restart the sandbox.")
        return found
