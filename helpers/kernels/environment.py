"""What a kernel inherits of this process's environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

__all__ = ["kernel_environ"]

_SECRETS: Final = "INTERCOM_"


def kernel_environ(extra: Mapping[str, str], *, secrets: bool) -> dict[str, str]:
    """What a kernel inherits. On the sandbox no real secret has any business there."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if secrets or not name.startswith(_SECRETS)
    }
    return {**inherited, **extra}
