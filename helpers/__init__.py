"""The security runbook for Intercom: what notebooks import, loaded when first used."""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "choose": "helpers.notebook.parameters",
    "open_attestations": "helpers.access.form",
    "open_checklist": "helpers.notebook.checklist",
    "open_review": "helpers.auditlog.form",
    "open_rotation": "helpers.rotation.form",
    "open_setup": "helpers.environment.form",
    "open_start": "helpers.notebook.overview",
    "open_step": "helpers.notebook.session",
}

__all__ = [
    "choose",
    "open_attestations",
    "open_checklist",
    "open_review",
    "open_rotation",
    "open_setup",
    "open_start",
    "open_step",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
