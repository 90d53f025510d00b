"""How an endpoint is declared (method, path, versions), found by path, and reads its parameters."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from helpers.sandbox.apps import SandboxApp, Token
from helpers.sandbox.responses import Refusal, SandboxResponse
from helpers.sandbox.workspace import JsonObject, SandboxWorkspace

__all__ = [
    "ENDPOINTS",
    "Router",
    "SandboxCall",
    "SandboxEndpoint",
    "check_fields",
    "endpoint",
    "version_key",
    "whole_number",
]


@dataclass
class SandboxCall:
    """One call that has passed the gate, as an endpoint sees it."""

    workspace: SandboxWorkspace
    app: SandboxApp
    token: Token
    version: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    client_ip: str
    base_url: str  # the API's own address, without a slash at the end
    found: JsonObject = field(default_factory=dict)  # the result of the endpoint's lookup

    @property
    def actor(self) -> JsonObject:
        """The teammate who owns the token."""
        return self.workspace.admins[self.app.owner]

    @property
    def object(self) -> JsonObject:
        """The body. Raises Refusal (400) unless it is a JSON object with valid fields."""
        if not isinstance(self.body, dict):
            raise Refusal(400, "parameter_invalid", "The body must be an object")
        return check_fields(self.body)

    def integer(self, name: str, default: int, *, low: int = 1, high: int | None = None) -> int:
        """A whole number from the query. Raises Refusal (400) for anything else."""
        if not self.query.get(name):
            return default
        number = whole_number(self.query[name], name, low=low)
        return min(number, high) if high else number

    def from_network(self, entries: list[str]) -> bool:
        """Whether the caller's address is one of these addresses or in one of these ranges."""
        address = ipaddress.ip_address(self.client_ip)
        return any(address in ipaddress.ip_network(entry, strict=False) for entry in entries)


Handler = Callable[[SandboxCall], SandboxResponse]
Lookup = Callable[[SandboxCall], JsonObject]


@dataclass(frozen=True)
class SandboxEndpoint:
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
        """Its name in scopes, faults and behaviours."""
        return f"{self.method} {self.path}"

    def exists_in(self, version: str) -> bool:
        """Whether this version of the API has it."""
        if version in PREVIEWS:
            return self.preview
        return self.numbered and (not self.since or version_key(version) >= version_key(self.since))


ENDPOINTS: Final[list[SandboxEndpoint]] = []
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
        ENDPOINTS.append(SandboxEndpoint(method, path, handler, lookup, since, preview, numbered))
        return handler

    return register


def version_key(version: str) -> tuple[int, ...]:
    """Order numbered versions: 2.9 comes before 2.16."""
    return tuple(int(part) for part in version.split("."))


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_object(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _is_named(value: Any) -> bool:
    return _is_objects(value) and all(isinstance(item.get("name"), str) for item in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_FIELD_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = (
    dict.fromkeys(
        ("name", "title", "email", "external_id", "phone", "company_id", "role"), _is_text
    )
    | dict.fromkeys(("description", "url", "body", "subject", "http_method", "state"), _is_text)
    | dict.fromkeys(("custom_attributes", "metadata", "pagination", "sort", "from"), _is_object)
    | dict.fromkeys(("audiences", "token_ids", "event_types"), _is_texts)
    | dict.fromkeys(("data_inputs", "response_fields", "object_mappings"), _is_objects)
    | {"headers": _is_named, "author_id": _is_number}
)


def check_fields(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as given. Raises Refusal (400) for a wrong type."""
    for name, value in given.items():
        if name in _FIELD_TYPES and not _FIELD_TYPES[name](value):
            raise _invalid_field(name)
    return given


def whole_number(value: Any, name: str, *, low: int = 0) -> int:
    """A number from a query or a body. Raises Refusal (400) for anything else or below `low`."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", str(value)) or int(value) < low:
        raise _invalid_field(name)
    return int(value)


def _invalid_field(name: str) -> Refusal:
    return Refusal(400, "parameter_invalid", f"{name} is invalid", field=name)


_PLACEHOLDER = "{}"
# Paths of operations that are not here, whose last word would else be taken for an id.
_NO_IDS: Final = frozenset(
    ("/conversations/attributes", "/contacts/activities", "/contacts/bulk", "/companies/bulk")
)


class Router:
    """All endpoints, found by method and path."""

    def __init__(self, endpoints: Iterable[SandboxEndpoint]) -> None:
        self._tree: dict[str, Any] = {}
        for endpoint in endpoints:
            node = self._tree
            for part in _parts(endpoint.path):
                node = node.setdefault(_PLACEHOLDER if part.startswith("{") else part, {})
            node[f" {endpoint.method}"] = endpoint  # the space keeps it apart from path segments

    def find(self, method: str, path: str) -> tuple[SandboxEndpoint, dict[str, str]] | None:
        """The endpoint and the values of its placeholders."""
        if path.rstrip("/") in _NO_IDS:
            return None
        parts = _parts(path)
        endpoint = _walk(self._tree, parts, f" {method}")
        if endpoint is None:
            return None
        named = zip(_parts(endpoint.path), parts, strict=True)
        return endpoint, {name[1:-1]: part for name, part in named if name.startswith("{")}


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")


def _walk(node: dict[str, Any], parts: Sequence[str], leaf: str) -> SandboxEndpoint | None:
    if not parts:
        found: SandboxEndpoint | None = node.get(leaf)
        return found
    for step in (parts[0], _PLACEHOLDER):
        found = _walk(node[step], parts[1:], leaf) if step in node else None
        if found:
            return found
    return None
