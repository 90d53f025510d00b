"""What a reader gets from the report before scrolling, and how long the page may be.

A screen is 1440 by 900 pixels. The demo is a real run of the sandbox; the large workspace is
generated, with more failures than a person reads one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from helpers.core.catalog import load
from helpers.core.model import Evidence, Finding, Report, Resource, Status
from helpers.report.page import to_html
from tests.report.samples import finding, report

SCREEN: ViewportSize = {"width": 1440, "height": 900}
VISIBLE = """
() => {
  const seen = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    const box = node.getBoundingClientRect();
    if (own && node.checkVisibility() && box.bottom <= innerHeight) seen.push(node.textContent);
  }
  return seen.join(" ");
}
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport=SCREEN)
    yield opened
    opened.close()


@pytest.fixture
def show(page: Page, tmp_path: Path) -> Callable[[Report], Page]:
    def open_report(made: Report) -> Page:
        path = tmp_path / "report.html"
        path.write_text(to_html(made), "utf-8")
        page.goto(path.as_uri())
        return page

    return open_report


def screens(page: Page) -> float:
    height: int = page.evaluate("document.documentElement.scrollHeight")
    return height / SCREEN["height"]


def many_findings(number: int) -> tuple[Finding, ...]:
    checks = load()
    return tuple(
        finding(
            check.id,
            Status.FAIL,
            Resource(kind="thing", key=f"{index}", name=f"Resource number {index}"),
            title=check.title,
            fails=check.fails,
            step=check.step,
            severity=check.severity,
            message=f"Resource number {index} is not as it should be.",
            evidence=(Evidence(what="seen", where=f"file-{index}.py:1"),),
            remediation=check.remediation,
        )
        for index in range(number)
        for check in (checks[index % len(checks)],)
    )


def test_the_first_screen_names_the_takeover_its_account_and_the_first_step(
    page: Page, demo: Path
) -> None:
    page.goto(demo.as_uri())
    said = page.evaluate(VISIBLE)
    assert "An account shows signs of a takeover" in said
    assert "ruth@example.com" in said
    assert "First step:" in said
    assert re.search(r"\d+ of \d+ checks fail; one account looks taken over", said)


def test_the_demo_is_short_on_screen_and_paper_and_small(page: Page, demo: Path) -> None:
    page.goto(demo.as_uri())
    assert screens(page) <= 8
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) <= 15
    assert demo.stat().st_size <= 600_000


def test_three_hundred_findings_stay_readable(show: Callable[[Report], Page]) -> None:
    made = report(*many_findings(300))
    page = show(made)
    assert screens(page) <= 12
    for check in {f.check: f for f in made.findings}.values():
        heading = page.locator(f"#c-{check.check} > summary")
        assert heading.is_visible()
        assert check.heading in heading.inner_text()
        number = sum(f.check == check.check for f in made.findings)
        assert f"{number} findings" in heading.inner_text()


def test_what_is_folded_into_the_incident_is_not_shown_again(page: Page, demo: Path) -> None:
    page.goto(demo.as_uri())
    assert page.locator("#c-AUD-010").count() == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_every_link_inside_the_page_leads_somewhere(page: Page, demo: Path) -> None:
    page.goto(demo.as_uri())
    lost = page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')]"
        ".filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.hash)"
    )
    assert lost == []


def test_filters_work_without_a_script(browser: Browser, demo: Path) -> None:
    context = browser.new_context(viewport=SCREEN, java_script_enabled=False)
    page = context.new_page()
    page.goto(demo.as_uri())
    shown = page.locator(".row.fails:visible")
    everything = shown.count()
    page.locator("#f-critical").uncheck()
    assert page.locator(".sev-critical:visible").count() == 0
    page.locator("#s-access").check()
    assert 0 < shown.count() < everything
    assert page.locator(".row:not(.in-access):visible").count() == 0
    page.locator("#k-wait").check()
    assert shown.count() == 0
    assert page.locator(".row.waits:visible").count() > 0
    context.close()


def test_the_search_finds_text_in_the_findings(page: Page, demo: Path) -> None:
    page.goto(demo.as_uri())
    page.locator("#find").fill("manage_ip_allowlist")
    assert page.locator("#c-SCP-001").is_visible()
    assert not page.locator("#c-ENV-012").is_visible()
