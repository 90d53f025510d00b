"""`runbook lab`: JupyterLab at the first notebook, redacting every save, without history."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from helpers.core.settings import Profile, state_home
from helpers.system.files import write_private

__all__ = ["lab"]


_KERNEL = """c = get_config()
c.HistoryManager.enabled = False
c.InteractiveShellApp.extensions = ["helpers.notebook.kernel_messages"]
"""


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(arguments: tuple[str, ...]) -> None:
    """Open JupyterLab at notebooks/00_start_here.ipynb. ARGUMENTS go to JupyterLab."""
    os.environ["IPYTHONDIR"] = str(_without_history())
    config = Path(__file__).with_name("lab_config.py")
    command = [sys.executable, "-m", "jupyterlab", f"--config={config}", *arguments]
    os.execv(sys.executable, command)  # noqa: S606 (JupyterLab takes this process's place)


def _without_history() -> Path:
    """IPython's folder for these kernels: a token pasted into a cell must not stay in a history.

    Their errors are sentences, where the runbook knows what to say.
    """
    folder = state_home(Profile.SANDBOX).parent / "ipython"
    config = folder / "profile_default" / "ipython_kernel_config.py"
    write_private(config, _KERNEL, durable=False)
    return folder
