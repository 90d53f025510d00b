"""What `runbook scopes` prints as a document: the policy section, and the page of the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helpers.intercom.scopes import Scope, catalog, label_of
from helpers.scopes.records import Use

__all__ = ["page", "section"]


def section(profile: str, uses: Iterable[Use]) -> str:
    """TOML for policy.toml: a line for each scope, with its check box and a place that needs it."""
    return "\n".join(_lines(profile, tuple(uses))) + "\n"


def _lines(profile: str, uses: tuple[Use, ...]) -> Iterator[str]:
    yield f"[profiles.{profile}.scopes]"
    yield "allowed = ["
    for scope in (key for key in catalog() if any(use.scope == key for use in uses)):
        first = next(use for use in uses if use.scope == scope)
        place = f"{first.path}:{first.line}" if first.line else first.path
        yield f'  "{scope}",  # {label_of(scope)}: {first.call}, {_plain(place)}'
    yield "]"


def _plain(text: str) -> str:
    """A path that can't break out of its comment."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


_HEAD = """# Scopes of an Intercom app

Written by `./runbook scopes --page`; edit `helpers/intercom/data/scopes.toml` instead.

A scope is a check box in the Developer Hub (Configure > Authentication). Intercom prints a machine
key for some; a key in *italics* is built like those. Routes that are marked ~ are inferred: no page
of Intercom says that this scope guards them. *May open too* names narrower scopes whose calls a
wider one seems to open, by its words or its name. Nothing here was tested on the real service.

| Key | Check box | Opens | What a thief can do with it | Guards | May open too | Source |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Markdown: a row for each scope, in the order of the catalog."""
    return _HEAD + "\n".join(_rows()) + "\n"


def _rows() -> Iterator[str]:
    for scope in catalog().values():
        key = f"`{scope.key}`" if scope.key_is == "printed" else f"*`{scope.key}`*"
        label, too = scope.label or "–", ", ".join(f"`{one}`" for one in scope.implies) or "–"
        cells = (key, label, scope.risk, scope.reach, _routes(scope), too, scope.source)
        yield "| " + " | ".join(cells) + " |"


def _routes(scope: Scope) -> str:
    mark = "" if scope.routes_are == "documented" else "~ "
    return "<br>".join(f"{mark}`{route}`" for route in scope.routes) or "no call"
