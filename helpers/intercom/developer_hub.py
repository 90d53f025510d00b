"""The sandbox's developer hub, by HTTP: what a person clicks, as calls. Loopback only.

Intercom has no such API: on real profiles a person clicks. Nothing here can reach Intercom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr

from helpers.core.errors import ConfigurationError, IntercomError
from helpers.intercom.responses import unreachable
from helpers.intercom.transport import live
from helpers.intercom.trusted_hosts import is_loopback

__all__ = ["App", "DeveloperHub"]

_TIMEOUT = 20.0  # seconds


@dataclass(frozen=True)
class App:
    """An app with its newest secrets."""

    id: str
    name: str
    installed: bool
    scopes: frozenset[str]
    token_fingerprints: tuple[str, ...]  # oldest first
    client_secret_fingerprints: tuple[str, ...]  # oldest first
    access_token: SecretStr = field(repr=False)
    client_secret: SecretStr = field(repr=False)


class DeveloperHub:
    """One workspace's hub in a sandbox."""

    def __init__(self, url: str) -> None:
        if not is_loopback(httpx.URL(url).host):
            raise ConfigurationError(
                "A developer hub by HTTP exists in the sandbox alone.", "Use the sandbox profile."
            )
        self._url = url

    def create_app(self, name: str, scopes: Iterable[str]) -> App:
        """A new private app, installed."""
        return _app(self._call("POST", "/apps", {"name": name, "scopes": sorted(scopes)}))

    def app(self, app_id: str) -> App:
        """One app, with its secrets."""
        return _app(self._call("GET", f"/apps/{app_id}/secrets"))

    def app_named(self, name: str) -> App | None:
        """The installed app of that name."""
        listed = self._call("GET", "/apps")
        ids = [a["id"] for a in listed if a["name"] == name and a["installed"]]
        return self.app(ids[-1]) if ids else None

    def app_of(self, fingerprint: str) -> App | None:
        """The app that once made the access token or client secret with this fingerprint."""
        for one in self._call("GET", "/apps"):
            made = {token["fingerprint"] for token in one["tokens"]} | {*one["client_secrets"]}
            if fingerprint in made:
                return self.app(one["id"])
        return None

    def regenerate_token(self, app_id: str) -> App:
        """Regenerate: the old token dies."""
        return _app(self._call("POST", f"/apps/{app_id}/token", {}))

    def regenerate_client_secret(self, app_id: str) -> App:
        """Regenerate the client secret."""
        return _app(self._call("POST", f"/apps/{app_id}/client_secret", {}))

    def uninstall(self, app_id: str) -> None:
        """Uninstall the app: its tokens die."""
        self._call("POST", f"/apps/{app_id}/uninstall", {})

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            with httpx.Client(transport=live(httpx.URL(self._url)), timeout=_TIMEOUT) as client:
                answer = client.request(method, self._url + path, json=body)
        except httpx.TransportError as error:
            raise unreachable(f"{method} {path} (developer hub)", error) from None
        if not answer.is_success:
            raise IntercomError(
                f"The sandbox's developer hub answered {answer.status_code}.",
                "Start the sandbox anew.",
                status=answer.status_code,
                call=f"{method} {path}",
            )
        return answer.json()


def _app(found: Mapping[str, Any]) -> App:
    return App(
        id=found["id"],
        name=found["name"],
        installed=found["installed"],
        scopes=frozenset(found["scopes"]),
        token_fingerprints=tuple(token["fingerprint"] for token in found["tokens"]),
        client_secret_fingerprints=tuple(found["client_secrets"]),
        access_token=SecretStr(found["access_token"]),
        client_secret=SecretStr(found["client_secret"]),
    )
