"""JupyterLab redacts every notebook and checkpoint before it saves them.

The redactor knows the secrets of this project. It also redacts what the rules of the exposure scan
recognise as Intercom's in a cell or an output, such as a pasted key of another workspace.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from helpers.core.errors import RunbookError
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, load_settings
from helpers.system.git import top_level

if TYPE_CHECKING:
    from helpers.exposure.kingfisher import Kingfisher

__all__ = ["redact_before_saving"]

_WIDGETS: Final = "application/vnd.jupyter.widget-state+json"


def redact_before_saving(model: dict[str, Any], **_: Any) -> None:
    """Redact a notebook in place (a `pre_save_hook` of Jupyter's contents manager).

    Where the secrets can't be determined, tornado's HTTPError refuses the save and says why: after
    any other exception Jupyter would save the notebook unredacted.
    """
    from tornado.web import HTTPError

    if model["type"] != "notebook" or model["content"] is None:
        return
    try:
        redactor = _redactor()
        for kind, value in _recognised(model["content"]):
            redactor.register(kind, value)
        redacted = redactor.data(dict(model["content"]))
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


def _recognised(notebook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and value of each secret that the rules for Intercom see in the notebook."""
    from helpers.exposure.unpack import notebook_cells

    engine = _engine()
    for name, text in notebook_cells(json.dumps(notebook).encode()) or ():
        kinds = {seen.fingerprint: seen.kind for seen in engine.scan(text, name)}
        for mark, value in (engine.values(text, name) if kinds else {}).items():
            yield kinds[mark], value.get_secret_value()


@cache
def _engine() -> Kingfisher:
    from helpers.exposure.kingfisher import Kingfisher

    return Kingfisher(all_rules=False)


def _redactor() -> Redactor:
    """Every secret in the environment and the env files, of every profile."""
    redactor = Redactor()
    project = top_level(Path.cwd()) or Path.cwd()
    for profile in Profile:
        for credential in load_settings(profile, project).credentials():
            redactor.register(credential.kind, credential.value.get_secret_value())
    return redactor
