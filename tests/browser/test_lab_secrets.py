"""A token that a person pastes in JupyterLab reaches no disk, whatever they do with the notebook.

A real browser types and clicks; afterwards every file below JupyterLab's folder is searched, the
histories of IPython among them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.lab import Lab, Notebook, start_lab
from tests.conftest import make_access_token

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CONFIGURED = make_access_token()
PASTED = make_access_token()  # of another workspace: only its shape is known
NOTEBOOK = "notebooks/00_start_here.ipynb"
WRITTEN = "written_by_the_kernel.txt"


@pytest.fixture(scope="module")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    environ = {"INTERCOM_ACCESS_TOKEN": CONFIGURED}
    with start_lab(tmp_path_factory.mktemp("lab"), environ=environ) as running:
        yield running


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{lab.url}/lab")
    page.wait_for_function("() => window.jupyterapp && jupyterapp.restored.then(() => true)")
    yield page
    page.close()


@pytest.fixture
def notebook(page: Page) -> Iterator[Notebook]:
    notebook = Notebook(page, NOTEBOOK)
    yield notebook
    notebook.close()


def hits(lab: Lab) -> list[str]:
    """The files that hold a token; what a kernel writes itself is nobody's to prevent."""
    tokens = [token.encode() for token in (CONFIGURED, PASTED)]
    return [
        str(path.relative_to(lab.folder))
        for path in lab.written()
        if path.name != WRITTEN and any(token in path.read_bytes() for token in tokens)
    ]


def paste(notebook: Notebook, text: str) -> None:
    """Put text into a new cell below the first, as a paste does, and run it."""
    page = notebook.page
    notebook.select_first()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text(text)
    notebook.run(text.splitlines()[0])


def answer(page: Page, text: str) -> None:
    """Type into JupyterLab's dialog and accept it."""
    field = page.locator(".jp-Dialog input")
    field.fill(text)
    page.locator(".jp-Dialog .jp-mod-accept").click()


def refusal(page: Page) -> str:
    """What JupyterLab says in the dialog of an error, which is then dismissed."""
    dialog = page.locator(".jp-Dialog").filter(has_text="secret")
    dialog.wait_for()
    text = dialog.inner_text()
    dialog.locator(".jp-Dialog-footer button").last.click()
    dialog.wait_for(state="detached")
    return text


def start_command(page: Page, name: str, **arguments: str) -> None:
    """Start a command that asks in a dialog."""
    page.evaluate(
        "([name, args]) => { window.refusal = '';"
        " void jupyterapp.commands.execute(name, args)"
        ".catch(error => { window.refusal = error.message }) }",
        [name, arguments],
    )


@pytest.mark.parametrize("token", [CONFIGURED, PASTED], ids=["configured", "of another workspace"])
def test_a_pasted_token_is_redacted_in_the_saved_notebook_and_its_checkpoint(
    notebook: Notebook, lab: Lab, token: str
) -> None:
    paste(notebook, f'token = "{token}"\nprint(token)')
    notebook.save()
    saved = (lab.folder / NOTEBOOK).read_text()
    assert "[redacted access_token" in saved
    checkpoints = list(lab.folder.rglob("*-checkpoint.ipynb"))
    assert checkpoints
    assert hits(lab) == []


def test_no_history_keeps_what_was_run(page: Page, lab: Lab) -> None:
    notebook = Notebook(page, NOTEBOOK)
    paste(notebook, f'pasted = "{PASTED}"')
    notebook.close()  # IPython writes its history when the kernel ends at the latest
    for path in lab.folder.rglob("history.sqlite*"):
        assert PASTED.encode() not in path.read_bytes()
        if path.suffix == ".sqlite":
            with sqlite3.connect(path) as history:
                assert history.execute("SELECT count(*) FROM history").fetchone() == (0,)
    assert hits(lab) == []


def test_a_name_with_a_token_is_refused_and_the_reason_is_shown(
    notebook: Notebook, lab: Lab
) -> None:
    start_command(notebook.page, "docmanager:save-as")
    answer(notebook.page, f"{PASTED}.ipynb")
    assert "The name contains a secret" in refusal(notebook.page)
    assert [path for path in lab.folder.rglob("*") if PASTED in path.name] == []
    assert hits(lab) == []


def test_a_new_name_with_a_token_is_refused(notebook: Notebook, lab: Lab) -> None:
    """JupyterLab shows no reason here: its own dialog drops every error of a rename."""
    start_command(notebook.page, "docmanager:rename")
    answer(notebook.page, f"{PASTED}.ipynb")
    notebook.page.wait_for_function("() => window.refusal.includes('The name contains a secret')")
    assert [path for path in lab.folder.rglob("*") if PASTED in path.name] == []
    assert hits(lab) == []


def test_saved_under_another_name_it_is_redacted_too(notebook: Notebook, lab: Lab) -> None:
    paste(notebook, f'again = "{PASTED}"')
    start_command(notebook.page, "docmanager:save-as")
    answer(notebook.page, "notebooks/another.ipynb")
    notebook.page.wait_for_function(
        "() => jupyterapp.serviceManager.contents.get('notebooks/another.ipynb')"
        ".then(() => true, () => false)"
    )
    saved = lab.folder / "notebooks/another.ipynb"
    for _ in range(100):  # Jupyter answers before the file has its name
        if saved.exists():
            break
        notebook.page.wait_for_timeout(100)
    assert "[redacted access_token" in saved.read_text()
    assert hits(lab) == []


def test_a_text_file_with_a_token_is_redacted(page: Page, lab: Lab) -> None:
    page.evaluate(
        "async () => { const file = await jupyterapp.commands.execute("
        "'docmanager:new-untitled', {type: 'file', path: ''});"
        " await jupyterapp.commands.execute('docmanager:open', {path: file.path}) }"
    )
    page.locator(".jp-FileEditor .cm-content").click()
    page.keyboard.insert_text(f"INTERCOM_ACCESS_TOKEN={PASTED}")
    page.evaluate("async () => { await jupyterapp.commands.execute('docmanager:save') }")
    (file,) = lab.folder.glob("untitled*.txt")
    assert "[redacted access_token" in file.read_text()
    assert hits(lab) == []


@pytest.mark.parametrize("action", ["copy", "rename", "createCheckpoint"])
def test_a_file_that_the_kernel_wrote_is_neither_copied_nor_renamed_nor_kept(
    notebook: Notebook, lab: Lab, action: str
) -> None:
    (lab.folder / WRITTEN).write_text(PASTED)
    error = notebook.page.evaluate(
        "async ([action, path]) => { try {"
        " await jupyterapp.serviceManager.contents[action](path,"
        " action === 'copy' ? 'notebooks' : 'renamed.txt'); return 'done'"
        " } catch (error) { return error.message } }",
        [action, WRITTEN],
    )
    assert f"{WRITTEN} contains a secret" in error
    assert hits(lab) == []


def test_a_binary_upload_with_a_token_is_refused(page: Page, lab: Lab) -> None:
    error = page.evaluate(
        "async token => { try { await jupyterapp.serviceManager.contents.save('blob.bin', {"
        " type: 'file', format: 'base64', content: btoa('\\u0000\\u00ff' + token) });"
        " return 'done' } catch (error) { return error.message } }",
        PASTED,
    )
    assert "contains a secret" in error
    assert not (lab.folder / "blob.bin").exists()
    assert hits(lab) == []


def test_the_search_finds_a_token(tmp_path: Path) -> None:
    """A search that can't fail would prove nothing."""
    (tmp_path / "file").write_text(PASTED)
    assert hits(Lab("", tmp_path)) == ["file"]
