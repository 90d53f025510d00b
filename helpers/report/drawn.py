"""Pictures for the page, drawn anew from a run's snapshots whenever the page is written."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from markupsafe import Markup
from pydantic import ValidationError

from helpers.core.steps import step_named
from helpers.report.build import read_snapshot

__all__ = ["Pictures", "pictures_of"]

Pictures = Mapping[str, Markup]  # by the name of the step

_DRAWN: Final[Mapping[str, str]] = {"auditlog": "helpers.auditlog.timeline"}


def pictures_of(run: Path) -> Pictures:
    """What a run's steps draw of their facts; nothing where a snapshot is missing or damaged."""
    return dict(_pictures(run))


def _pictures(run: Path) -> Iterator[tuple[str, Markup]]:
    for name, module in _DRAWN.items():
        try:
            facts = read_snapshot(run, step_named(name)).facts
        except (OSError, ValidationError):
            continue
        drawn: Markup = importlib.import_module(module).drawing(facts)
        if drawn:
            yield name, drawn
