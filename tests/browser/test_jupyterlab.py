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


def test_choices_survive_run_all_and_mark_what_is_older(page: Page) -> None:
    notebook = Notebook(page, "notebooks/01_environment_setup.ipynb")
    notebook.run_all()
    first = notebook.panel.locator(".jp-OutputArea").get_by_text("OUT OF DATE")
    assert first.count() == 0
    notebook.panel.get_by_label("profile").select_option("production")
    first.first.wait_for()
    again = notebook.panel.get_by_role("button", name="Run again", exact=True)
    marked = again.count()
    again.nth(0).click()
    notebook.panel.get_by_text("Auditing: production").first.wait_for()
    assert again.count() == marked - 1
    notebook.run("choices = choose(")
    notebook.run('open_step("environment"')
    assert notebook.panel.get_by_label("profile").input_value() == "production"
    notebook.panel.get_by_text("Auditing: production").first.wait_for()
    notebook.close()


def test_a_cell_run_out_of_order_says_what_comes_first(page: Page) -> None:
    notebook = Notebook(page, "notebooks/02_secret_exposure.ipynb")
    notebook.run("step.collect()")
    notebook.panel.get_by_text("Run the first two cells").wait_for()
    assert notebook.errors() == []
    notebook.close()


def test_code_is_folded_except_for_the_parameters(page: Page) -> None:
    notebook = Notebook(page, "notebooks/02_secret_exposure.ipynb")
    shown = notebook.panel.locator(".jp-CodeCell .jp-Editor:visible")
    assert shown.count() == 1
    assert "profile" in shown.first.inner_text()
    notebook.close()
