"""Precision and recall on published packages, against labels written before the first scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from research.scope_scan.accuracy import Score, measured, table, total
from research.scope_scan.packages import HELD_OUT, TUNED, labelled
from tests.conftest import HOME, missing


@pytest.mark.timeout(400)  # the first time they are fetched
@pytest.mark.parametrize("labels", [TUNED, HELD_OUT], ids=lambda path: path.stem)
def test_published_packages_are_read_as_labelled_and_as_the_page_tells(labels: Path) -> None:
    rows = tuple(measured(labels))
    absent = {package.name for package in labelled(labels)} - {row.name for row in rows}
    if absent:
        missing(", ".join(sorted(absent)), "pip and npm fetch them, from their registries")
    everything = total("all", rows)
    assert everything.calls.precision >= 0.95
    assert everything.calls.recall >= 0.9
    page = (HOME / "docs" / "usage.md").read_text("utf-8")
    assert table(rows) in page


def test_labels_name_no_package_twice_and_at_least_four_of_npm() -> None:
    packages = (*labelled(TUNED), *labelled(HELD_OUT))
    assert len({package.name for package in packages}) == len(packages)
    assert sum(package.registry == "npm" for package in packages) >= 4


def test_a_score_counts_both_ways() -> None:
    both = Score(3, 1, 0) + Score(0, 0, 3)
    assert (both.precision, both.recall) == (0.75, 0.5)
    assert (Score().precision, Score().recall) == (0, 0)
