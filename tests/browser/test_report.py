"""The report in a real browser: no request, no script, readable in both schemes and on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from helpers.report.page import to_html
from tests.report.samples import HOSTILE, full_report, hostile_report

# Every text with the colour it stands on: WCAG 2.1, 1.4.3 wants 4.5 to 1.
CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
  const light = rgb => rgb.map(c => c / 255)
    .map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const backdrop = element => {
    const below = element.parentElement ? backdrop(element.parentElement) : [255, 255, 255];
    return over(rgba(getComputedStyle(element).backgroundColor), below);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || element.closest("svg") || !element.checkVisibility()) continue;
    const below = backdrop(element);
    const text = over(rgba(getComputedStyle(element).color), below);
    const [dark, bright] = [light(text), light(below)].sort((a, b) => a - b);
    const ratio = (bright + .05) / (dark + .05);
    if (ratio < 4.5) found.push(`${element.className} ${element.textContent.trim()}: ${ratio}`);
  }
  return found;
}
"""


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a page's text; the page's requests, dialogs and complaints lie in `page.heard`."""
    contexts = []

    def open_page(text: str, **options: Any) -> Page:
        path = tmp_path / "report.html"
        path.write_text(text, "utf-8")
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        heard: list[str] = []
        page.on("request", lambda request: heard.append(request.url))
        page.on("console", lambda message: heard.append(message.text))
        page.on("dialog", lambda dialog: heard.append(dialog.message))
        page.goto(path.as_uri())
        heard.remove(path.as_uri())
        page.heard = heard  # type: ignore[attr-defined]
        return page

    yield open_page
    for context in contexts:
        context.close()


def heard(page: Page) -> list[str]:
    said: list[str] = page.heard  # type: ignore[attr-defined]
    return said


def test_the_page_asks_nobody_for_anything(show: Callable[..., Page]) -> None:
    assert heard(show(to_html(full_report()))) == []


def test_hostile_text_runs_nothing_and_fetches_nothing(show: Callable[..., Page]) -> None:
    page = show(to_html(hostile_report(" ".join(HOSTILE))))
    assert heard(page) == []
    assert page.title().startswith("Intercom security runbook")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(show: Callable[..., Page], scheme: str) -> None:
    page = show(to_html(full_report()), color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate(CONTRASTS) == []


def test_dark_and_light_have_different_grounds(show: Callable[..., Page]) -> None:
    grounds = {
        show(to_html(full_report()), color_scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert len(grounds) == 2


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_scrolls_sideways(show: Callable[..., Page], width: int) -> None:
    long = hostile_report("a" * 300)
    for made in (full_report(), long):
        page = show(to_html(made), viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_reads_without_scripts(show: Callable[..., Page]) -> None:
    page = show(to_html(full_report()), java_script_enabled=False)
    assert page.get_by_text("5 judged, 1 needs a person, 1 could not be checked").first.is_visible()
    folded = page.locator("details.row:not([open])").first
    folded.locator("summary").first.click()
    fix = page.locator("details.row[open] details.fix").last
    fix.locator("summary").click()
    assert fix.locator("li").first.is_visible()


def test_paper_shows_what_the_screen_folds(show: Callable[..., Page]) -> None:
    page = show(to_html(full_report()), color_scheme="dark")
    folded = page.locator(".quiet li").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.bounding_box()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF")
