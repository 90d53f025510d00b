"""How an endpoint is written down: its method and path, who may call it, and in which version."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from helpers.sandbox.answers import Answer, Refusal
from helpers.sandbox.apps import App, Token
from helpers.sandbox.fields import check, whole_number
from helpers.sandbox.workspace import Item, Workspace

__all__ = ["ENDPOINTS", "Call", "Endpoint", "endpoint", "version_key"]


@dataclass
class Call:
    """One call that has passed the gate, as an endpoint sees it."""

    workspace: Workspace
    app: App
    token: Token
    version: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    client_ip: str
    base_url: str  # the API's own address, without a slash at the end
    found: Item = field(default_factory=dict)  # what the endpoint's lookup found

    @property
    def actor(self) -> Item:
        """The teammate who owns the token."""
        return self.workspace.admins[self.app.owner]

    @property
    def object(self) -> Item:
        """The body. Raises Refusal (400) where it is no JSON object, or a field can't be so."""
        if not isinstance(self.body, dict):
            raise Refusal(400, "parameter_invalid", "The body must be an object")
        return check(self.body)

    def integer(self, name: str, default: int, *, low: int = 1, high: int | None = None) -> int:
        """A whole number of the query. Raises Refusal (400) for anything else."""
        if not self.query.get(name):
            return default
        number = whole_number(self.query[name], name, low=low)
        return min(number, high) if high else number

    def from_network(self, entries: list[str]) -> bool:
        """Whether the caller's address is one of these addresses or in one of these ranges."""
        address = ipaddress.ip_address(self.client_ip)
        return any(address in ipaddress.ip_network(entry, strict=False) for entry in entries)


Handler = Callable[[Call], Answer]
Lookup = Callable[[Call], Item]


@dataclass(frozen=True)
class Endpoint:
    """A route. `lookup` finds what the path names, or refuses with the documented 404."""

    method: str
    path: str
    handler: Handler
    lookup: Lookup | None = None
    since: str = ""  # first version that has it
    preview: bool = True  # whether Preview has it
    numbered: bool = True  # whether the numbered versions have it

    @property
    def route(self) -> str:
        """The name by which scopes, faults and behaviours call it."""
        return f"{self.method} {self.path}"

    def exists_in(self, version: str) -> bool:
        """Whether this version of the API has it."""
        if version in PREVIEWS:
            return self.preview
        return self.numbered and (not self.since or version_key(version) >= version_key(self.since))


ENDPOINTS: Final[list[Endpoint]] = []
PREVIEWS: Final = ("Preview", "Unstable")


def endpoint(
    method: str,
    path: str,
    *,
    lookup: Lookup | None = None,
    since: str = "",
    preview: bool = True,
    numbered: bool = True,
) -> Callable[[Handler], Handler]:
    """Register the function below as the handler of a route."""

    def register(handler: Handler) -> Handler:
        ENDPOINTS.append(Endpoint(method, path, handler, lookup, since, preview, numbered))
        return handler

    return register


def version_key(version: str) -> tuple[int, ...]:
    """Order numbered versions: 2.9 comes before 2.16."""
    return tuple(int(part) for part in version.split("."))
