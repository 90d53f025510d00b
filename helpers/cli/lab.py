"""`runbook lab`: JupyterLab at the first notebook, with the redactor on every save."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

__all__ = ["lab"]


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(arguments: tuple[str, ...]) -> None:
    """Open JupyterLab at notebooks/00_start_here.ipynb. ARGUMENTS go to JupyterLab."""
    config = Path(__file__).with_name("lab_config.py")
    command = [sys.executable, "-m", "jupyterlab", f"--config={config}", *arguments]
    os.execv(sys.executable, command)  # noqa: S606 (JupyterLab takes this process's place)
