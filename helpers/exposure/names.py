"""Paths as they can be printed."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["shown"]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def shown(name: str) -> str:
    """A path as it can be printed: control characters and broken bytes as escapes."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
