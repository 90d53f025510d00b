"""Whether a person works at this kernel."""

from __future__ import annotations

import os

__all__ = ["in_jupyterlab"]


def in_jupyterlab() -> bool:
    """Whether this kernel belongs to JupyterLab: Jupyter Server sets the name of its session."""
    return "JPY_SESSION_NAME" in os.environ
