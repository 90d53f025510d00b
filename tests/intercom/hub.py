"""Apps with any scopes, made in the sandbox's developer hub."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from helpers.intercom.client import Client

if TYPE_CHECKING:
    import httpx


@dataclass
class Hub:
    """One workspace of a sandbox, seen from its hub."""

    url: str
    http: httpx.Client

    def token(self, scopes: Collection[str], **more: Any) -> str:
        body = {"name": "Probe", "scopes": sorted(scopes), **more}
        return str(self._post("/apps", body)["access_token"])

    def client(self, scopes: Collection[str], **options: Any) -> Client:
        return Client(SecretStr(self.token(scopes)), self.url, **options)

    def behave(self, **behaviours: Any) -> None:
        self.http.put(f"{self.url}/_hub/behaviours", json=behaviours).raise_for_status()

    def fault(self, **fault: Any) -> None:
        self._post("/faults", fault)

    def limit(self, **limit: Any) -> None:
        self.http.put(f"{self.url}/_hub/rate_limit", json=limit).raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(f"{self.url}/_hub/requests").json()
        return found

    def scopes(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = self.http.get(f"{self.url}/_hub/scopes").json()
        return found

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.http.post(f"{self.url}/_hub{path}", json=body).raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
