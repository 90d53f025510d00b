"""What the research shares with the tests: how a missing program is reported, a private state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import require

__all__ = ["require", "state"]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what the battery records out of this machine's own audit log."""
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path))
    return tmp_path
