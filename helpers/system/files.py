"""Files for the owner only, whole or not there: written beside their place, then renamed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from helpers.core.errors import UsageError

__all__ = ["private_folder", "write_private"]


def private_folder(path: Path) -> Path:
    """Make a folder (0700) and those above it. Raises UsageError where that is refused."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path} can't be made: {error.strerror}.", "Name another folder with --out."
        ) from None
    return path


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file (0600) so that a reader sees the old one or the whole new one.

    Raises UsageError where the folder refuses it, or the disk is full.
    """
    private_folder(path.parent)
    data = content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(data)
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise UsageError(
            f"{path} can't be written: {os.strerror(error.errno or 0)}.",
            "Make room, or name another folder with --out.",
        ) from None
