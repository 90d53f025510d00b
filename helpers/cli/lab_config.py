"""Jupyter's configuration for `runbook lab`: nothing phones home, and saves are redacted.

The arguments of `runbook lab` override what is set here.
"""

from pathlib import Path
from typing import Any

from helpers.notebook.save_hook import RedactingContentsManager

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 (given by Jupyter)


def _without_news(_handler: Any, page: dict[str, Any]) -> dict[str, Any]:
    """Leave out the extension that asks whether to fetch news."""
    page["disabledExtensions"].append("@jupyterlab/apputils-extension:announcements")
    return page


c.ServerApp.root_dir = str(Path(__file__).resolve().parents[2])
c.ServerApp.tornado_settings = {"page_config_hook": _without_news}
c.LabApp.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
c.ServerApp.contents_manager_class = RedactingContentsManager
