from __future__ import annotations

from pathlib import Path

import pytest

from tests.auditlog.builders import Bench
from tests.rotation.stores.conftest import session_bus

__all__ = ["bench", "session_bus"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An empty log."""
    return Bench(tmp_path)
