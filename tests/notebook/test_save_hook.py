"""What JupyterLab saves: redacted, or not saved."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import uuid
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tornado.web import HTTPError

from helpers.core.redaction import Redactor
from helpers.notebook.save_hook import RedactingContentsManager, redact_before_saving


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(notebook: NotebookNode) -> str:
    model: dict[str, Any] = {"type": "notebook", "content": notebook}
    redact_before_saving(model, path="some.ipynb", contents_manager=None)
    assert isinstance(model["content"], NotebookNode)
    return str(model["content"])


def test_a_token_is_known_by_its_shape(access_token: str) -> None:
    text = saved(new_notebook(cells=[new_markdown_cell(f"It is {access_token}.")]))
    assert access_token not in text
    assert "It is [redacted access_token" in text


def test_a_secret_that_was_set_a_moment_ago_is_known(project: Path) -> None:
    secret = str(uuid.uuid4())
    notebook = new_notebook(cells=[new_markdown_cell(secret)])
    assert secret in saved(notebook)
    (project / ".env.staging").write_text(f"INTERCOM_CLIENT_SECRET={secret}\n")
    assert secret not in saved(notebook)


def test_a_secret_of_a_workspace_of_the_file_is_known(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = str(uuid.uuid4())
    file = project / "workspaces.toml"
    file.write_text('[shop]\nenvironment = "staging"\nsecrets = "environment:SHOP_"\n')
    monkeypatch.setenv("RUNBOOK_WORKSPACES", str(file))
    monkeypatch.setenv("SHOP_INTERCOM_CLIENT_SECRET", secret)
    assert secret not in saved(new_notebook(cells=[new_markdown_cell(secret)]))


def test_a_secret_of_another_project_is_known_by_the_words_beside_it() -> None:
    client, identity = str(uuid.uuid4()), secrets.token_urlsafe(30)
    cell = new_code_cell(
        f'client_secret = "{client}"',
        outputs=[new_output("stream", text=f"INTERCOM_IDENTITY_SECRET={identity}\n")],
    )
    text = saved(new_notebook(cells=[cell]))
    assert client not in text
    assert identity not in text
    assert "[redacted client_secret" in text
    assert "[redacted identity_secret" in text


def test_what_is_no_secret_is_saved_as_it_is() -> None:
    words = f"client_id = '{uuid.uuid4()}'; client_secret = os.environ['INTERCOM_CLIENT_SECRET']"
    assert words in saved(new_notebook(cells=[new_markdown_cell(words)]))


def test_a_password_field_is_saved_empty() -> None:
    fields = {
        "a": {"model_name": "PasswordModel", "state": {"value": "unheard of", "disabled": False}},
        "b": {"model_name": "TextModel", "state": {"value": "stays"}},
    }
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": fields}}
    text = saved(new_notebook(metadata={"widgets": widgets}))
    assert "unheard of" not in text
    assert "stays" in text


def test_where_the_secrets_cannot_be_read_nothing_is_saved(project: Path) -> None:
    (project / ".env").write_bytes(b"INTERCOM_CLIENT_SECRET=\xff\n")
    with pytest.raises(HTTPError, match=r"Not saved: .*\.env can't be read"):
        saved(new_notebook())


def test_other_files_without_a_secret_are_left_alone() -> None:
    model = {"type": "file", "content": "text"}
    redact_before_saving(model)
    assert model["content"] == "text"


def test_a_text_file_is_redacted(access_token: str) -> None:
    model = {"type": "file", "format": "text", "content": f"token = {access_token}"}
    redact_before_saving(model, path="notes.txt")
    assert access_token not in str(model["content"])


def test_a_notebook_saved_as_a_file_is_redacted(access_token: str) -> None:
    secret = str(uuid.uuid4())
    cells = [new_code_cell(f'client_secret = "{secret}"'), new_markdown_cell(access_token)]
    text = json.dumps(new_notebook(cells=cells))
    model = {"type": "file", "format": "text", "content": text}
    redact_before_saving(model, path="some.ipynb")
    assert secret not in str(model["content"])
    assert access_token not in str(model["content"])


def test_a_binary_file_with_a_secret_is_refused(access_token: str) -> None:
    content = base64.b64encode(b"\0\1" + access_token.encode()).decode()
    with pytest.raises(HTTPError, match="contains a secret"):
        redact_before_saving({"type": "file", "format": "base64", "content": content})


@pytest.mark.parametrize(
    "model",
    [
        {"type": "notebook", "content": "no notebook"},
        {"type": "notebook", "content": {"metadata": {"widgets": 7}, "cells": []}},
        {"type": "notebook", "content": {"metadata": None, "cells": 7}},
        {"type": "file", "format": "text", "content": {"not": "text"}},
        {"type": "surprise", "content": "text"},
        {"content": "text"},
    ],
    ids=str,
)
def test_what_cannot_be_redacted_is_not_saved(model: dict[str, Any]) -> None:
    with pytest.raises(HTTPError, match="Not saved"):
        redact_before_saving(model)


def test_an_error_in_the_redactor_refuses_the_save(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Redactor, "data", broken)
    with pytest.raises(HTTPError, match=r"can't be redacted \(MemoryError\)"):
        saved(new_notebook())


@pytest.fixture
def manager(project: Path) -> RedactingContentsManager:
    return RedactingContentsManager(root_dir=str(project))


def test_checkpoint_copy_and_rename_of_a_file_with_a_token_are_refused(
    manager: RedactingContentsManager, project: Path, access_token: str
) -> None:
    (project / "from_elsewhere.txt").write_text(access_token)
    for call in (
        manager.create_checkpoint("from_elsewhere.txt"),
        manager.copy("from_elsewhere.txt", "copy.txt"),
        manager.rename("from_elsewhere.txt", "other.txt"),
    ):
        with pytest.raises(HTTPError, match="contains a secret"):
            asyncio.run(call)
    assert [path.name for path in project.rglob("*") if path.is_file()] == ["from_elsewhere.txt"]


def test_a_name_that_is_a_token_is_refused(
    manager: RedactingContentsManager, project: Path, access_token: str
) -> None:
    (project / "plain.txt").write_text("nothing")
    with pytest.raises(HTTPError, match="name contains a secret"):
        asyncio.run(manager.rename("plain.txt", f"{access_token}.txt"))


def test_an_upload_in_chunks_is_checked_when_it_is_whole(
    manager: RedactingContentsManager, project: Path, access_token: str
) -> None:
    whole = access_token.encode()
    for number, part in ((1, whole[:20]), (-1, whole[20:])):
        model = {"type": "file", "format": "base64", "chunk": number}
        model["content"] = base64.b64encode(part).decode()
        if number == -1:
            with pytest.raises(HTTPError, match="contains a secret"):
                asyncio.run(manager.save(model, "upload.bin"))
        else:
            asyncio.run(manager.save(model, "upload.bin"))
    assert not (project / "upload.bin").exists()
