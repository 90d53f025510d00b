"""Jupyter's configuration for `runbook lab`: nothing phones home, and saves are redacted."""

from typing import Any

from helpers.contents import redact_before_saving

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 (given by Jupyter)

c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.FileContentsManager.pre_save_hook = redact_before_saving
