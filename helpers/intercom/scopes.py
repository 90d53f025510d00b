"""The catalog of scopes: names, check boxes, what each one opens, and what that is worth.

A scope is a check box in the Developer Hub (Configure > Authentication). Intercom prints a machine
key for some; for the others the key is built like those, and says so. Data: `data/scopes.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from helpers.core.model import Record, Severity
from helpers.intercom.calls import Effect

__all__ = [
    "GuardedRoute",
    "Scope",
    "catalog",
    "endpoints",
    "guard_of",
    "known",
    "label_of",
    "reads",
    "wider",
]

# methods do not decide: these POSTs only read, and this GET records an impression
_READING_POSTS = re.compile(r"POST /(.+/search|companies/list|contacts/merge/preview)")
_WRITING_GETS = frozenset({"GET /contacts/{id}/banners"})


class Scope(Record):
    """One permission of an app. `reach` says what somebody else does with it."""

    key: str
    key_is: str  # printed or built
    label: str
    kind: Effect
    risk: Severity
    reach: str
    routes: tuple[str, ...]
    routes_are: str  # documented or inferred
    source: str
    implies: tuple[str, ...] = ()

    @property
    def box(self) -> str:
        """The check box in the Developer Hub, or the key where no label is printed."""
        return self.label or self.key


class GuardedRoute(Record):
    """A method on a route, the scope that guards it, and whether it reads."""

    name: str  # GET /tags/{id}
    scope: str
    kind: Effect


@cache
def catalog() -> Mapping[str, Scope]:
    """Every scope by its key, in the order of the Developer Hub."""
    text = files(__package__).joinpath("data/scopes.toml").read_text("utf-8")
    scopes = (Scope.model_validate(row) for row in tomllib.loads(text)["scope"])
    return {scope.key: scope for scope in scopes}


@cache
def endpoints() -> Mapping[str, GuardedRoute]:
    """Every endpoint that a scope is known to guard, by `METHOD /route`; holes are `{id}`."""
    return {
        route: GuardedRoute(
            name=route, scope=key, kind=Effect.READ if reads(route) else Effect.WRITE
        )
        for key, scope in catalog().items()
        for route in scope.routes
    }


def reads(endpoint: str) -> bool:
    """Whether `METHOD /route` leaves the workspace as it is."""
    if _READING_POSTS.fullmatch(endpoint):
        return True
    return endpoint.startswith("GET ") and endpoint not in _WRITING_GETS


def guard_of(method: str, path: str) -> GuardedRoute | None:
    """The endpoint that a concrete path or a template is, literal routes first."""
    return next((e for pattern, e in _patterns() if pattern.fullmatch(f"{method} {path}")), None)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], GuardedRoute], ...]:
    def pattern(name: str) -> re.Pattern[str]:
        return re.compile(re.escape(name).replace(r"\{id\}", r"[^/\s]+"))

    ordered = sorted(endpoints().values(), key=lambda e: (e.name.count("{"), e.name))
    return tuple((pattern(endpoint.name), endpoint) for endpoint in ordered)


def wider(key: str) -> tuple[str, ...]:
    """The scopes that may open the calls of this one as well."""
    return tuple(scope.key for scope in catalog().values() if key in scope.implies)


def known(key: str) -> bool:
    """Whether the catalog has a scope of that key."""
    return key in catalog()


def label_of(key: str) -> str:
    """The check box of a scope, or the key itself for one that is not in the catalog."""
    return catalog()[key].box if known(key) else key
