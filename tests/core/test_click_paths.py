"""Where to click stands in one table, and every text takes it from there."""

from __future__ import annotations

import re
from pathlib import Path

from helpers.core.click_paths import click_path, click_paths

HELPERS = Path(__file__).resolve().parents[2] / "helpers"
WRITTEN = re.compile(r"Settings > \w|Developer Hub > \w")


def test_no_other_file_writes_a_path() -> None:
    texts = {path: path.read_text("utf-8") for path in HELPERS.rglob("*.py")}
    # the sandbox shares no code with the rest; it speaks as another team's repository
    ours = {path: text for path, text in texts.items() if "sandbox" not in path.parts}
    assert [str(path) for path, text in ours.items() if WRITTEN.search(text)] == []


def test_every_path_is_used() -> None:
    code = "\n".join(path.read_text("utf-8") for path in HELPERS.rglob("*.py"))
    named = set(re.findall(r"click_path\(['\"](\w+)['\"]\)", code))
    assert named == set(click_paths())


def test_a_path_begins_where_a_person_is() -> None:
    assert click_path("security") == "Settings > Workspace > Security"
    starts = ("Settings > ", "Developer Hub > ")
    assert all(path.startswith(starts) for path in click_paths().values())
