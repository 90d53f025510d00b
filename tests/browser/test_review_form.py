"""A person signs for a period of the activity log in JupyterLab, and the log has it on record."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.auditlog.review import reviews_in
from tests.browser.lab import Notebook, start_lab
from tests.conftest import HOME

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAME = "08_audit_log.ipynb"
PICTURES = os.environ.get("RUNBOOK_PICTURES")  # a folder for screenshots to look at


def test_a_period_is_signed_for_and_the_verdict_follows(browser: Browser, tmp_path: Path) -> None:
    assert "open_review(step)" in (HOME / "notebooks" / NAME).read_text()
    folder = tmp_path / "lab"
    folder.mkdir()
    with start_lab(folder) as lab:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{lab.url}/lab")
        page.wait_for_function("() => window.jupyterapp && jupyterapp.restored.then(() => true)")
        notebook = Notebook(page, f"notebooks/{NAME}")
        notebook.run_all()
        shows(notebook, "Nobody has signed for any period.")
        says(notebook, "You sign for 2026-04-18 to 2026-05-18")
        picture(notebook, "open")

        press(notebook, "Nothing was signed.")
        notebook.panel.get_by_label("I have read the answers above").check()
        press(notebook, "A review needs the name of a person.")
        assert signed(folder) == []

        notebook.panel.get_by_label("your name").fill("Ann Review")
        notebook.panel.get_by_label("note").fill("called Maya; she knows")
        press(notebook, "Signed by Ann Review. Anchor:")
        picture(notebook, "signed")
        assert signed(folder) == ["Ann Review"]
        assert not notebook.panel.get_by_label("I have read the answers above").is_checked()

        notebook.run('step.show("review")')
        shows(notebook, "Ann Review")
        notebook.run("step.judge()")
        notebook.panel.get_by_text("checks pass or do not apply").click()
        shows(notebook, "The period was reviewed.")
        assert notebook.errors() == []
        notebook.close()


def press(notebook: Notebook, answer: str) -> None:
    notebook.panel.get_by_role("button", name="Sign", exact=True).click()
    says(notebook, answer)


def says(notebook: Notebook, answer: str) -> None:
    notebook.panel.locator(".widget-html").get_by_text(answer).first.wait_for()


def shows(notebook: Notebook, answer: str) -> None:
    notebook.panel.locator(".jp-OutputArea").get_by_text(answer).first.wait_for()


def signed(folder: Path) -> list[str]:
    """Who has signed in the log of the sandbox profile that this notebook opened."""
    logs = folder.glob("tmp/runbook-demo-*/state/audit")
    return [review.reviewer for log in logs for review in reviews_in(log)]


def picture(notebook: Notebook, name: str) -> None:
    if PICTURES:
        notebook.panel.get_by_role("button", name="Sign", exact=True).scroll_into_view_if_needed()
        notebook.page.screenshot(path=Path(PICTURES) / f"review-{name}.png")
