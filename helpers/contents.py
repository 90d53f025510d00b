"""What JupyterLab saves, notebook and checkpoint alike, passes the redactor first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from helpers.errors import RunbookError
from helpers.git import top_level
from helpers.redaction import Redactor
from helpers.settings import Profile, load_settings

__all__ = ["redact_before_saving"]

_WIDGETS: Final = "application/vnd.jupyter.widget-state+json"


def redact_before_saving(model: dict[str, Any], **_: Any) -> None:
    """Redact a notebook in place (a `pre_save_hook` of Jupyter's contents manager).

    Where the secrets can't be told, tornado's HTTPError refuses the save and says why: any other
    exception would make Jupyter save the notebook as it is.
    """
    from tornado.web import HTTPError

    if model["type"] != "notebook" or model["content"] is None:
        return
    try:
        redacted = _redactor().data(dict(model["content"]))
    except RunbookError as error:
        raise HTTPError(500, f"Not saved: {error.message} {error.advice}") from None
    for field in _password_fields(redacted):
        field["value"] = ""
    model["content"] = type(model["content"])(redacted)


def _password_fields(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The state of password fields, kept where JupyterLab saves widgets' state by itself."""
    widgets = notebook.get("metadata", {}).get("widgets", {}).get(_WIDGETS, {}).get("state", {})
    for widget in widgets.values():
        if widget.get("model_name") == "PasswordModel":
            yield widget.get("state", {})


def _redactor() -> Redactor:
    """Every secret that the environment and the env files hold now, whatever the profile."""
    redactor = Redactor()
    project = top_level(Path.cwd()) or Path.cwd()
    for profile in Profile:
        for credential in load_settings(profile, project).credentials():
            redactor.register(credential.kind, credential.value.get_secret_value())
    return redactor
