"""What JupyterLab saves, notebook and checkpoint alike, passes the redactor first."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from helpers.git import top_level
from helpers.redaction import Redactor
from helpers.settings import Profile, load_settings

__all__ = ["redact_before_saving"]


def redact_before_saving(model: dict[str, Any], **_: Any) -> None:
    """Redact a notebook in place (a `pre_save_hook` of Jupyter's contents manager)."""
    if model["type"] == "notebook":
        model["content"] = type(model["content"])(_redactor().data(dict(model["content"])))


@cache
def _redactor() -> Redactor:
    """Every secret that the environment and the env files hold, whatever the profile."""
    redactor = Redactor()
    project = top_level(Path.cwd()) or Path.cwd()
    for profile in Profile:
        for credential in load_settings(profile, project).credentials():
            redactor.register(credential.kind, credential.value.get_secret_value())
    return redactor
