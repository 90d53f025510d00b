"""docs/threat-model.md names tests that exist, and each of its lines names one."""

from __future__ import annotations

import re

from tests.conftest import HOME

PAGE = (HOME / "docs" / "threat-model.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| Not trusted")
]


def test_every_line_says_what_defends_what_does_not_and_which_test_shows_it() -> None:
    assert ROWS
    assert [row[0] for row in ROWS if len(row) != 5 or not all(row)] == []
    assert [row[0] for row in ROWS if not re.search(r"`(test_\w+|tests/[\w/.]+)`", row[-1])] == []


def test_every_test_that_the_page_names_exists() -> None:
    texts = "\n".join(path.read_text("utf-8") for path in (HOME / "tests").rglob("test_*.py"))
    names = set(re.findall(r"`(test_\w+)`", PAGE))
    files = set(re.findall(r"`(tests/[\w/.]+)`", PAGE))
    assert {name for name in names if f"def {name}(" not in texts} == set()
    assert {name for name in files if not (HOME / name).is_file()} == set()
