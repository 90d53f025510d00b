"""Jupyter's configuration for `runbook lab`: nothing phones home, and saves are redacted.

The arguments of `runbook lab` override what is set here.
"""

import logging
from pathlib import Path
from typing import Any

from helpers.core.redaction import KNOWN, sanitize
from helpers.notebook.save_hook import RedactingContentsManager

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 (given by Jupyter)


def _redacted_log() -> None:
    """Log no secret: Jupyter logs the names of files, for example, which a person chose."""
    make = logging.getLogRecordFactory()

    def redacted(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        record.msg, record.args = sanitize(KNOWN.text(record.getMessage())), ()
        return record

    logging.setLogRecordFactory(redacted)


def _without_news(_handler: Any, page: dict[str, Any]) -> dict[str, Any]:
    """Leave out the extension that asks whether to fetch news."""
    page["disabledExtensions"].append("@jupyterlab/apputils-extension:announcements")
    return page


_redacted_log()
c.ServerApp.root_dir = str(Path(__file__).resolve().parents[2])
c.ServerApp.tornado_settings = {"page_config_hook": _without_news}
c.LabApp.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
c.ServerApp.contents_manager_class = RedactingContentsManager
