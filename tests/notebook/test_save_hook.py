"""What JupyterLab saves: redacted, or not saved."""

from __future__ import annotations

import secrets
import uuid
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tornado.web import HTTPError

from helpers.notebook.save_hook import redact_before_saving


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


def test_other_files_are_left_alone() -> None:
    model = {"type": "file", "content": "text"}
    redact_before_saving(model)
    assert model["content"] == "text"
