"""The summary of a job on GitHub: short, harmless, and never larger than GitHub takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt

from helpers.core.model import Resource
from helpers.report.github import to_github
from helpers.report.writers import render
from tests.report.samples import HOSTILE, finding, full_report, hostile_report, report
from tests.report.test_markdown import OURS, Seen

RENDERER = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def test_the_summary_is_the_golden_one(golden: Callable[[str, str], None]) -> None:
    golden("summary.md", render(full_report(), "github"))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_comes_from_outside_stays_text(text: str) -> None:
    seen = Seen()
    seen.feed(RENDERER.render(to_github(hostile_report(text))))
    assert set(seen.tags) <= {*OURS, "details", "summary"}


def test_a_summary_that_github_would_refuse_is_cut_to_its_headline() -> None:
    huge = finding(resource=Resource(kind="file", key="a", name="x" * (2 << 20)))
    text = to_github(report(huge))
    assert len(text) < 200
    assert "1 of 1 checks fails" in text


def test_many_failing_checks_are_counted_and_not_listed() -> None:
    text = to_github(report(*(finding(f"ENV-{n:03}") for n in range(50))))
    assert "30 more checks fail." in text
