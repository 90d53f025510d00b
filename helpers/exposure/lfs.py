"""Git LFS: a blob that only points to the content, which may or may not be in this clone.

https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md. What is here lies in `lfs/objects` below
the git folder, and is read there like any file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

__all__ = ["absent_content"]

_BEGINNING: Final = b"version https://git-lfs.github.com/spec/v1"
_POINTER: Final = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)


def absent_content(data: bytes, common: Path | None) -> str:
    """Why a pointer's content can't be searched; empty for what is no pointer, or is here."""
    if not data.startswith(_BEGINNING):
        return ""
    match = _POINTER.search(data[:1024])
    if match is None or common is None:
        return ""
    oid = match[1].decode()
    if (common / "lfs" / "objects" / oid[:2] / oid[2:4] / oid).is_file():
        return ""
    return "an LFS pointer whose content is not in this clone (`git lfs fetch --all`)"
