from __future__ import annotations

from pathlib import Path

import pytest

from tests.auditlog.builders import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An empty log."""
    return Bench(tmp_path)
