"""axe-core finds nothing wrong with the report, and a keyboard reaches everything in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

WIDTHS = (1440, 1024, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"
# What a mouse can use, and where the keyboard stands.
REACHABLE = """
() => [...document.querySelectorAll("a[href], summary, input, button")]
  .filter(e => e.checkVisibility()).length
"""
FOCUSED = """
() => {
  const all = [...document.querySelectorAll("a[href], summary, input, button")];
  const element = document.activeElement;
  if (element.type !== "radio") return [all.indexOf(element)];
  return all.filter(e => e.type === "radio" && e.name === element.name).map(e => all.indexOf(e));
}
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def complaints(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {node['html'][:200]}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_no_violation(
    page: Page, demo: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(demo.as_uri())
    assert complaints(page) == []
    page.evaluate(OPEN_ALL)
    assert complaints(page) == []


def test_axe_finds_a_violation_where_there_is_one(page: Page) -> None:
    page.set_content('<html lang="en"><title>t</title><main><img src="x.png"></main>')
    assert any(said.startswith("image-alt") for said in complaints(page))


def test_the_keyboard_reaches_everything_that_a_mouse_does(page: Page, demo: Path) -> None:
    page.goto(demo.as_uri())
    wanted: int = page.evaluate(REACHABLE)
    reached: set[int] = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        reached.update(page.evaluate(FOCUSED))
    assert len(reached - {-1}) == wanted
