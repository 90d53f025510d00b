"""The catalog of scopes as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.intercom.scopes import Scope, catalog

__all__ = ["page"]

_HEAD = """# Scopes of an Intercom app

Written by `./runbook scopes --page`; edit `helpers/intercom/data/scopes.toml` instead.

A scope is a check box in the Developer Hub (Configure > Authentication). Intercom prints a machine
key for some; a key in *italics* is built like those. Routes that are marked ~ are inferred: no page
of Intercom's says that this scope guards them. *May open too* names narrower scopes whose calls a
wider one seems to open, by its words or its name. Nothing here was tried on the real service.

| Key | Check box | Opens | What somebody else does with it | Guards | May open too | Source |
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
