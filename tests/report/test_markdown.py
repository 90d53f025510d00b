"""report.md: what comes from outside is text, whatever it looks like."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from helpers.core.redaction import sanitize
from helpers.report.markdown import code, escape, to_markdown
from helpers.report.page import to_html
from tests.report.samples import HOSTILE, full_report, hostile_report, report

RENDERER = MarkdownIt("gfm-like", {"html": True, "linkify": False})
OURS = {
    *("h1", "h2", "h3", "p", "strong", "blockquote", "ol", "ul", "li", "code", "br"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
tricky = st.text("`|\\*_[]()<>#!~@:/&;=+-.1w \n\u202e", max_size=20) | texts


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(markdown: str) -> Seen:
    page = Seen()
    page.feed(RENDERER.render(markdown))
    return page


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u2060", "")).strip()


def test_markdown_matches_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("report.md", to_markdown(full_report()))


def test_an_empty_report_says_that_nothing_asks_for_attention() -> None:
    assert "Nothing needs attention." in to_markdown(report())


@given(tricky)
def test_an_escaped_text_renders_as_itself_and_as_nothing_else(text: str) -> None:
    page = seen(f"before {escape(text)}")
    assert page.tags == ["p"]
    assert plain(page.text) == plain(f"before {sanitize(text)}")


@given(tricky)
def test_an_escaped_text_at_the_start_of_a_line_opens_no_block(text: str) -> None:
    page = seen(f"- {escape(text)}")
    assert set(page.tags) <= {"ul", "li"}


@given(tricky, tricky)
def test_two_cells_stay_two_cells(one: str, other: str) -> None:
    page = seen(f"| a | b |\n|---|---|\n| {escape(one)} | {code(other)} |")
    assert page.tags.count("td") == 2
    assert set(page.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


@given(tricky.filter(lambda text: "|" not in text and sanitize(text).strip()))
def test_a_code_span_shows_its_text(text: str) -> None:
    page = seen(f"x {code(text)} x")
    assert page.tags == ["p", "code"]
    assert plain(page.text) == plain(f"x {sanitize(text)} x")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_element_of_its_own(text: str) -> None:
    page = seen(to_markdown(hostile_report(text)))
    assert set(page.tags) <= OURS
    calm = seen(to_markdown(hostile_report("calm")))
    kept = [tag for tag in page.tags if tag != "code"]
    assert kept == [tag for tag in calm.tags if tag != "code"]


@pytest.mark.parametrize("text", ["@team", "ana@example.com", "https://a.example", "www.a.example"])
def test_nobody_is_called_by_name_and_nothing_links_by_itself(text: str) -> None:
    outside_code = re.sub(r"`+[^`]*`+", "", to_markdown(hostile_report(text)))
    assert text in to_markdown(hostile_report(text))  # where it stands as code
    assert text not in outside_code


def test_every_readable_format_begins_with_its_subject() -> None:
    host = "api.eu.intercom.io (Intercom's)"
    line = f"production (ecs8jk2m, eu) · {host} · repository support-bot at 3f8e21a"
    for text in (to_markdown(full_report()), unescape(to_html(full_report()))):
        assert line in text
        assert "2e" * 32 in text
        assert text.index(line) < text.index("checks fail")
