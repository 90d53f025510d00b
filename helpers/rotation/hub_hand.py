"""The sandbox's hand: clicks in the developer hub. Each click is made once, however often asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.core.errors import StateError
from helpers.intercom.developer_hub import App, DeveloperHub
from helpers.rotation.ledger import Entry
from helpers.rotation.transitions import Mode

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["HubHand"]


class HubHand:
    """Mints and withdraws access tokens and client secrets in a sandbox."""

    def __init__(self, hub: DeveloperHub) -> None:
        self._hub = hub

    def mint(self, entry: Entry) -> SecretStr | None:
        """The new key: found if it was made before a crash, else made."""
        old = self._old(entry)
        if entry.kind == "client_secret":
            return self._regenerated(entry, old).client_secret
        if entry.mode is Mode.IN_PLACE:
            return self._regenerated(entry, old).access_token
        name = f"{old.name} ({entry.id})"
        found = self._hub.app_named(name) or self._hub.create_app(name, old.scopes)
        return found.access_token

    def withdraw(self, entry: Entry) -> bool:
        """Uninstall the old app, or regenerate its key where that has not been done."""
        old = self._old(entry)
        if entry.mode is Mode.IN_PLACE:
            self._regenerated(entry, old)
        elif old.installed:
            self._hub.uninstall(old.id)
        return True

    def _regenerated(self, entry: Entry, old: App) -> App:
        if entry.kind == "client_secret":
            made, regenerate = old.client_secret_fingerprints, self._hub.regenerate_client_secret
        else:
            made, regenerate = old.token_fingerprints, self._hub.regenerate_token
        return regenerate(old.id) if made[-1] == entry.old_fingerprint else old

    def _old(self, entry: Entry) -> App:
        found = self._hub.app_of(entry.old_fingerprint)
        if found is None:
            raise StateError("The sandbox does not know the old key.", "Start the sandbox anew.")
        return found
