"""Receivers that nobody closed don't keep the interpreter from ending."""

from __future__ import annotations

import subprocess
import sys

from tests.sandbox import receivers_left_open


def test_a_block_that_is_never_left_does_not_hang_the_interpreter() -> None:
    done = subprocess.run(
        [sys.executable, receivers_left_open.__file__],
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "200\n", "")
