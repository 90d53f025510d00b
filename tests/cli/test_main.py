"""What the main function does before and around every command."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT_FILE_LOCKS = """
import sys
sys.modules["fcntl"] = None  # importing it fails, as on Windows
from helpers.cli import main
main()
"""


@pytest.mark.parametrize("arguments", [["--help"], ["audit"], ["scan", "."]])
def test_a_system_without_file_locks_is_refused_in_one_line(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_FILE_LOCKS, *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "Error: the runbook needs Linux or macOS. On Windows, run it in WSL.\n"
