"""What a kernel inherits of this process's environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

__all__ = ["kernel_environ"]

_SECRETS: Final = "INTERCOM_"
_PERSON: Final = "JPY_SESSION_NAME"  # by which JupyterLab says that somebody sits at a kernel


def kernel_environ(extra: Mapping[str, str], *, secrets: bool) -> dict[str, str]:
    """What a kernel inherits. On the sandbox no real secret has any business there.

    Nobody sits at it, even where somebody in JupyterLab started the run from a cell or a terminal.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != _PERSON and (secrets or not name.startswith(_SECRETS))
    }
    return {**inherited, **extra}
