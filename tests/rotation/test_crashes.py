"""A rotation survives `kill -9` at every point, in both modes and when the key is stolen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.sandbox import Sandbox

DRIVER = Path(__file__).with_name("crash_driver.py")
# every n-th point; 1 tries all of them (a few minutes)
STRIDE = os.environ.get("RUNBOOK_CRASH_STRIDE", "29")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("mode", "compromised"),
    [("overlap", False), ("in-place", False), ("overlap", True), ("in-place", True)],
)
def test_a_rotation_survives_kill_9_at_every_point(
    sandbox: Sandbox,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    mode: str,
    compromised: bool,
) -> None:
    command = (sys.executable, str(DRIVER), sandbox.url, mode, str(compromised), STRIDE)
    done = subprocess.run(
        (*command, str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
        cwd=DRIVER.parents[2],
        env={**os.environ, "PYTHONPATH": str(DRIVER.parents[2])},
    )
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    with capsys.disabled():
        sys.stdout.write(f"\n{mode}{' (compromised)' if compromised else ''}: {counted}\n")
    assert counted["crashes"] == len(range(1, counted["points"] + 1, int(STRIDE)))
    assert counted["again"] > 0
