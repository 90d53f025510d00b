"""Every picture of every committed notebook is seen in a notebook that nobody has run or trusts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.lab import Lab, Notebook, start_lab
from tests.conftest import HOME

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOTEBOOKS = sorted((HOME / "notebooks").glob("*.ipynb"))
SHOWN = "image => image.decode().then(() => [image.naturalWidth, image.alt], () => [0, image.alt])"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with start_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


def outputs(path: str) -> str:
    """The HTML that a committed notebook shows."""
    cells = json.loads((HOME / "notebooks" / path).read_text())["cells"]
    made = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
    return "".join("".join(data.get("text/html", "")) for data in made)


def test_pictures_are_seen_in_notebooks_as_opened(browser: Browser, lab: Lab) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{lab.url}/lab")
    page.wait_for_function("() => window.jupyterapp && jupyterapp.restored.then(() => true)")
    seen = 0
    for path in NOTEBOOKS:
        notebook = Notebook(page, f"notebooks/{path.name}")
        images = notebook.panel.locator(".jp-OutputArea img")
        assert images.count() == outputs(path.name).count("<img"), path.name
        for number in range(images.count()):
            width, alt = images.nth(number).evaluate(SHOWN)
            assert width > 100, path.name
            assert alt, path.name
            seen += 1
        notebook.close()
    assert seen >= 5
    page.close()


@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_no_output_holds_inline_svg(name: str) -> None:
    assert "<svg" not in outputs(name)
