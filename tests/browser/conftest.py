"""A browser for each module, and the report of one real run of the demo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window. It ends with the module: its event loop would disturb others."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if not chromium:
        missing("chromium", "apt install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report.html of an audit of the sandbox."""
    out = tmp_path_factory.mktemp("runs")
    command = [sys.executable, "-m", "helpers.cli", "audit", "--out", str(out)]
    environ = {**os.environ, "RUNBOOK_STATE_HOME": str(out / "state")}
    subprocess.run(command, check=True, capture_output=True, timeout=110, env=environ)
    return next(out.glob("*/report.html"))
