"""report.html: self-contained, escaped, and complete."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.core.model import Report
from helpers.report.controls import DISCLAIMER
from helpers.report.page import to_html
from helpers.report.summary import compliance
from tests.report.samples import HOSTILE, finding, full_report, hostile_report, report

FETCHING = {"src", "srcset", "data", "poster", "action", "background", "ping", "xlink:href"}


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._silent = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._silent = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data


def words(page: Page) -> str:
    return re.sub(r"\s+", " ", page.text)


def test_html_matches_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("report.html", to_html(full_report()))


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    text = to_html(full_report())
    page = Page(text)
    assert not {"link", "img", "iframe", "object", "embed"} & set(page.tags)
    assert page.tags.count("script") == 1
    script = text.partition("<script>")[2].partition("</script>")[0]
    allowed = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}'" in text
    assert [a for a in page.attributes if a[1] in FETCHING or a[1].startswith("on")] == []
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_element_and_no_attribute(text: str) -> None:
    page, calm = Page(to_html(hostile_report(text))), Page(to_html(hostile_report("calm")))
    inline = {"code"}
    assert [t for t in page.tags if t not in inline] == [t for t in calm.tags if t not in inline]
    assert {a[1] for a in page.attributes} == {a[1] for a in calm.attributes}
    assert not set("\x1b\x9b\u202e\u202c\r") & set(page.text)


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_name_can_be_shown(text: str) -> None:
    calm = Page(to_html(hostile_report("calm")))
    page = Page(to_html(hostile_report(text)))
    assert len([t for t in page.tags if t != "code"]) == len([t for t in calm.tags if t != "code"])


def test_only_https_references_become_links() -> None:
    page = Page(to_html(report(finding(references=("javascript:alert(1)", "https://a.example")))))
    links = {value for tag, name, value in page.attributes if tag == "a" and name == "href"}
    assert {link for link in links if not link.startswith("#")} == {"https://a.example"}


def test_every_link_within_the_page_has_its_target() -> None:
    page = Page(to_html(full_report()))
    ids = {value for _, name, value in page.attributes if name == "id"}
    links = {value[1:] for _, name, value in page.attributes if name == "href" and value[:1] == "#"}
    assert links <= ids


def test_ids_are_unique() -> None:
    page = Page(to_html(full_report()))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "sentence",
    [
        "4 of 5 checks fail.",
        "5 judged, 1 needs a person, 1 could not be checked",
        "1 critical, 1 high and 2 low findings fail. Start today.",
        "Audit log is missing from this run. The kernel died.",
        "The repository is a shallow clone",
        "Since the previous run: 2 new, 1 regressed, 2 unchanged, 1 fixed.",
        "Waived by ana@example.com until 2026-03-31",
        "failing since 23 February 2026",
        "Fixed since then",
        DISCLAIMER,
    ],
)
def test_the_page_says(sentence: str) -> None:
    assert sentence in words(Page(to_html(full_report())))


def test_controls_without_a_check_are_named() -> None:
    said = words(Page(to_html(full_report())))
    bare = [r for _, rows in compliance(full_report()) for r in rows if not r.checks]
    assert bare
    for row in bare:
        assert row.name in said


def test_the_most_urgent_comes_first() -> None:
    said = words(Page(to_html(full_report())))
    said = said.rpartition("What fails")[2]
    assert said.index("No access token was ever committed") < said.index("is ignored by git")


@pytest.mark.parametrize("made", [report(), report(finding()), full_report()])
def test_a_report_of_any_size_is_a_page(made: Report) -> None:
    assert to_html(made).startswith("<!doctype html>")
