"""What JupyterLab may write: redacted, or refused with the reason.

The redactor knows the secrets of this project. It also redacts what the rules of the exposure scan
recognise as Intercom's in a cell or an output, such as a pasted key of another workspace.

Jupyter's own `pre_save_hook` is not enough: after an exception in a hook Jupyter saves the file as
it is, later chunks of an upload don't pass it, and checkpoints, copies and new names are made from
the file on disk. So this contents manager redacts or checks in each of these methods itself.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError

from helpers.core.errors import RunbookError
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, Workspace, load_settings
from helpers.core.workspaces import readable_workspaces
from helpers.system.git import top_level

if TYPE_CHECKING:
    from helpers.exposure.kingfisher import Kingfisher

__all__ = ["RedactingContentsManager", "redact_before_saving"]

_WIDGETS: Final = "application/vnd.jupyter.widget-state+json"
_NOTEBOOK: Final = ".ipynb"
_LAST_CHUNK: Final = -1


class RedactingContentsManager(AsyncLargeFileManager):
    """Jupyter's contents manager for files, which writes no secret."""

    async def save(self, model: dict[str, Any], path: str = "") -> Any:
        """Redact, then save. An upload in chunks is checked when it is whole."""
        redact_before_saving(model, path=path)
        self._check_name(path)
        chunk = model.get("chunk")
        saved = await super().save(model, path)
        if chunk == _LAST_CHUNK:
            try:
                self._check(path)
            except HTTPError:
                self._place(path).unlink(missing_ok=True)  # not into a wastebasket
                raise
        return saved

    async def create_checkpoint(self, path: str) -> Any:
        """Refuse to copy a file with a secret, which came here by another way."""
        self._check(path)
        return await super().create_checkpoint(path)

    async def copy(self, from_path: str, to_path: str | None = None) -> Any:
        """Refuse to copy a file or folder with a secret."""
        self._check(from_path)
        self._check_name(to_path or "")
        return await super().copy(from_path, to_path)

    async def rename_file(self, old_path: str, new_path: str) -> Any:
        """Refuse to rename a file with a secret, and a name that is one."""
        self._check(old_path)
        self._check_name(new_path)
        return await super().rename_file(old_path, new_path)

    def _check(self, path: str) -> None:
        """Raise HTTPError unless the file, or every file of the folder, is without a secret."""
        place = Path(self._get_os_path(path.strip("/")))
        files = (
            (each for each in place.rglob("*") if each.is_file()) if place.is_dir() else (place,)
        )
        for file in files:
            if file.is_file() and _in_bytes(file.read_bytes()):
                raise HTTPError(400, f"{file.name} contains a secret. Remove it, or save it again.")

    def _place(self, path: str) -> Path:
        return Path(self._get_os_path(path.strip("/")))

    def _check_name(self, path: str) -> None:
        if _in_bytes(path.encode("utf-8", "surrogatepass")):
            raise HTTPError(400, "The name contains a secret. Choose another one.")


def redact_before_saving(model: dict[str, Any], **where: Any) -> None:
    """Redact what is about to be saved, in place. `path` names the file, if it is known.

    Raises tornado's HTTPError, which refuses the save and says why, for anything that can't be
    redacted: secrets that can't be determined, odd content, a binary file with a secret.
    """
    try:
        _redact(model, str(where.get("path", "")))
    except HTTPError:
        raise
    except RunbookError as error:
        raise HTTPError(500, f"Not saved: {error.message} {error.advice}") from None
    except Exception as error:  # noqa: BLE001 (whatever fails, nothing is saved)
        name = type(error).__name__
        raise HTTPError(500, f"Not saved: the file can't be redacted ({name}).") from None


def _redact(model: dict[str, Any], path: str) -> None:
    content, kind = model.get("content"), model.get("type")
    if content is None or kind == "directory":
        return
    if kind == "notebook":
        model["content"] = type(content)(_notebook(dict(content)))
    elif kind == "file" and model.get("format") == "base64":
        _refuse_binary(content)
    elif kind == "file" and isinstance(content, str):
        model["content"] = _text(content, path)
    else:
        raise HTTPError(400, f"Not saved: a {kind!s:.20} can't be redacted.")


def _notebook(content: dict[str, Any]) -> dict[str, Any]:
    redactor = _redactor()
    for kind, value in _recognised(content):
        redactor.register(kind, value)
    redacted: dict[str, Any] = redactor.data(content)
    for field in _password_fields(redacted):
        field["value"] = ""
    return redacted


def _text(content: str, path: str) -> str:
    """A text file redacted; a notebook that is saved as text is a notebook all the same."""
    if path.endswith(_NOTEBOOK):
        try:
            notebook = json.loads(content)
        except ValueError:
            notebook = None
        if isinstance(notebook, dict):
            redacted = _notebook(notebook)
            return content if redacted == notebook else json.dumps(redacted, indent=1) + "\n"
    redactor = _redactor()
    for kind, value in _in_text(content, path or "text"):
        redactor.register(kind, value)
    return redactor.text(content)


def _refuse_binary(content: str) -> None:
    try:
        raw = base64.b64decode(content)
    except (binascii.Error, ValueError):
        raise HTTPError(400, "Not saved: the content is not base64.") from None
    if _in_bytes(raw):
        raise HTTPError(400, "Not saved: the file contains a secret, and is no text.")


def _in_bytes(content: bytes) -> bool:
    """Whether a secret of this project, or a token, is in these bytes."""
    try:
        return bool(_redactor().data(content) != content)
    except RunbookError as error:
        raise HTTPError(500, f"Refused: {error.message} {error.advice}") from None


def _password_fields(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The state of password fields, kept where JupyterLab saves widgets' state by itself."""
    widgets = notebook.get("metadata", {}).get("widgets", {}).get(_WIDGETS, {}).get("state", {})
    for widget in widgets.values():
        if widget.get("model_name") == "PasswordModel":
            yield widget.get("state", {})


def _recognised(notebook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and value of each secret that the rules for Intercom see in the notebook."""
    from helpers.exposure.encoded import notebook_cells

    for name, text in notebook_cells(json.dumps(notebook).encode()) or ():
        yield from _in_text(text, name)


def _in_text(text: str | bytes, name: str) -> Iterator[tuple[str, str]]:
    engine = _engine()
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    kinds = {seen.fingerprint: seen.kind for seen in engine.scan(data, name)}
    for mark, value in (engine.values(data, name) if kinds else {}).items():
        yield kinds[mark], value.get_secret_value()


@cache
def _engine() -> Kingfisher:
    from helpers.exposure.kingfisher import Kingfisher

    return Kingfisher(all_rules=False)


def _redactor() -> Redactor:
    """Every secret in the environment and the env files, of every profile."""
    redactor = Redactor()
    project = top_level(Path.cwd()) or Path.cwd()
    for workspace in (*map(Workspace.of_profile, Profile), *readable_workspaces()):
        for credential in load_settings(workspace, project).credentials():
            redactor.register(credential.kind, credential.value.get_secret_value())
    return redactor
