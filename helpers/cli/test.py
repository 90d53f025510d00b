"""`runbook test`: every test, and nbval over the notebooks."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

__all__ = ["test"]

HOME = Path(__file__).resolve().parents[2]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> int:
    """Run the tests. ARGUMENTS go to pytest. Without any, nbval checks the notebooks too."""
    if arguments:
        return _pytest(*arguments)
    return max(_pytest("-n", "auto", "--dist", "loadgroup"), _notebooks())


def _notebooks() -> int:
    """Run the committed notebooks again with nbval, which compares every output."""
    nbval = ("--nbval", "--nbval-cell-timeout=60", "-p", "tests.private_kernels")
    return _pytest(*nbval, "-n", "auto", "--dist", "loadfile", "notebooks")


def _pytest(*arguments: str) -> int:
    with tempfile.TemporaryDirectory() as ipython:
        environ = {**os.environ, "IPYTHONDIR": ipython}
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, cwd=HOME, env=environ, check=False).returncode  # noqa: S603
