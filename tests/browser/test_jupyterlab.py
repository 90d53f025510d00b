"""Every notebook runs from top to bottom in JupyterLab, and offers its form."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.lab import Lab, Notebook, start_lab
from tests.conftest import HOME

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NOTEBOOKS = sorted(path.name for path in (HOME / "notebooks").glob("*.ipynb"))
PICTURES = os.environ.get("RUNBOOK_PICTURES")  # a folder for screenshots to look at


@pytest.fixture(scope="module")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with start_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{lab.url}/lab")
    page.wait_for_function("() => window.jupyterapp && jupyterapp.restored.then(() => true)")
    yield page
    page.close()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_runs_in_jupyterlab(page: Page, name: str) -> None:
    notebook = Notebook(page, f"notebooks/{name}")
    notebook.run_all()
    assert notebook.errors() == []
    assert all(cell["execution_count"] for cell in notebook.code_cells())
    notebook.panel.get_by_label("profile").wait_for()
    picture(notebook, name)
    notebook.close()


def picture(notebook: Notebook, name: str) -> None:
    if PICTURES:
        notebook.picture(Path(PICTURES) / f"{Path(name).stem}.png")
