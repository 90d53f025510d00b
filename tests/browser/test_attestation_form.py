"""A person answers in JupyterLab what no API reports, and the verdict includes it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browser.lab import Notebook, start_lab
from tests.conftest import HOME

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAME = "06_workspace_access.ipynb"
PICTURES = os.environ.get("RUNBOOK_PICTURES")  # a folder for screenshots to look at


def test_questions_are_answered_one_by_one_and_the_verdicts_follow(
    browser: Browser, tmp_path: Path
) -> None:
    assert "open_attestations(step)" in (HOME / "notebooks" / NAME).read_text()
    folder = tmp_path / "lab"
    folder.mkdir()
    shot = tmp_path / "shot.png"
    shot.write_bytes(b"what was seen")
    with start_lab(folder) as lab:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{lab.url}/lab")
        page.wait_for_function("() => window.jupyterapp && jupyterapp.restored.then(() => true)")
        notebook = Notebook(page, f"notebooks/{NAME}")
        notebook.run_all()
        says(notebook, "Does every teammate have to use two-factor authentication?")
        says(notebook, "Check it here: Settings > Workspace > Security > Authentication methods.")
        picture(notebook, "open")

        press(notebook, "The question was not answered.")
        notebook.panel.get_by_label("yes", exact=True).check()
        press(notebook, "An answer needs the name of a person.")
        assert kept(folder) == []

        notebook.panel.get_by_label("your name").fill("Ann Check")
        notebook.panel.get_by_label("picture").fill(str(shot))
        press(notebook, "Kept: two-factor, yes, by Ann Check, until")
        says(notebook, "Is signing in with e-mail and password off")
        says(notebook, "7 of 8 questions are open.")
        picture(notebook, "kept")
        (answer,) = kept(folder)
        assert answer["evidence_sha256"] == hashlib.sha256(shot.read_bytes()).hexdigest()
        assert not notebook.panel.get_by_label("yes", exact=True).is_checked()

        notebook.run('step.show("questions")')
        notebook.panel.locator(".jp-OutputArea").get_by_text("yes, Ann Check").first.wait_for()
        notebook.run("step.judge()")
        notebook.panel.get_by_text("checks pass or do not apply").click()
        notebook.panel.get_by_text("Attested until").first.wait_for()
        assert notebook.errors() == []
        notebook.close()


def press(notebook: Notebook, answer: str) -> None:
    notebook.panel.get_by_role("button", name="Keep this answer", exact=True).click()
    says(notebook, answer)


def says(notebook: Notebook, answer: str) -> None:
    notebook.panel.locator(".widget-html").get_by_text(answer).first.wait_for()


def kept(folder: Path) -> list[dict[str, Any]]:
    """The answers in the state of the sandbox profile that this notebook opened."""
    files = folder.glob("tmp/runbook-demo-*/state/attestations.json")
    return [answer for file in files for answer in json.loads(file.read_text())]


def picture(notebook: Notebook, name: str) -> None:
    if PICTURES:
        button = notebook.panel.get_by_role("button", name="Keep this answer", exact=True)
        button.scroll_into_view_if_needed()
        notebook.page.screenshot(path=Path(PICTURES) / f"attestation-{name}.png")
