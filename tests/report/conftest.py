"""Golden files: what a writer wrote when a person last looked at it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a golden file; `RUNBOOK_GOLDEN=write` writes it anew, to be looked at."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("RUNBOOK_GOLDEN") == "write":
            path.write_text(text, "utf-8")
        assert text == path.read_text("utf-8")

    return compare
