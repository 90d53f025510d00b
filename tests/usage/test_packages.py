"""Precision and recall on published packages, against labels written before the first scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.usage.scan import scan
from tests.usage.packages import labelled, sources_of


def test_published_packages_are_read_as_labelled(tmp_path: Path) -> None:
    right = wrong = missed = 0
    for package in labelled():
        folder = sources_of(package, tmp_path / package.file)
        if folder is None:
            pytest.skip(f"{package.name} can't be fetched here (pip and npm, with a registry)")
        found, wanted = {use.call for use in scan(folder)}, set(package.calls)
        right += len(found & wanted)
        wrong += len(found - wanted)
        missed += len(wanted - found)
    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.9
