"""A run is named by its folder, by its name, or as the latest."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.core.errors import UsageError
from helpers.report.folder import MANIFEST, prune_runs, run_named

NAMES = (
    "20260301T090000Z-production",
    "20260302T090000Z-shop-eu",
    "20260302T090000Z-shop-eu.2",
    "20260303T090000Z-shop",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text("{}")
    (tmp_path / ".20260304T090000Z-shop.partial").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("latest", NAMES[3]),
        ("latest:shop", NAMES[3]),
        ("latest:shop-eu", NAMES[2]),
        ("latest:production", NAMES[0]),
        (NAMES[1], NAMES[1]),
    ],
)
def test_a_run_is_found_by_name_and_as_the_latest(root: Path, text: str, name: str) -> None:
    assert run_named(text, root) == root / name
    assert run_named(str(root / name), Path("elsewhere")) == root / name


def test_a_workspace_without_a_run_has_no_latest(root: Path) -> None:
    with pytest.raises(UsageError, match="no finished run of staging"):
        run_named("latest:staging", root)


def test_a_workspace_whose_name_begins_like_another_keeps_its_runs(root: Path) -> None:
    assert [run.name for run in prune_runs(root, "shop-eu", 1)] == [NAMES[1]]
    assert {path.name for path in root.iterdir() if path.name[0] != "."} == {*NAMES} - {NAMES[1]}
