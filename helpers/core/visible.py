"""Text from outside, made safe to look at: nothing in it moves the cursor or reverses the line."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["visible"]

# Control characters, bidirectional controls (Trojan Source, CVE-2021-42574), invisible formats
# and tags, line and paragraph separators. The joiners U+200C and U+200D stay: scripts need them.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def visible(text: str) -> str:
    """The text on one line, with what can't be seen or would rearrange it spelled out."""
    return _UNSEEN.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    character = match[0]
    if character in "\n\r\t":
        return " "
    code = ord(character)
    if unicodedata.category(character) == "Cc":
        return f"\\x{code:02x}"
    return f"\\u{code:04x}"
