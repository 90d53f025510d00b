"""Is the log as it was written? One pass over its lines, against what is kept outside of it.

The chain finds what was edited, deleted, inserted or moved, unless whoever did it hashed everything
behind it anew. Then the seals find it, given the root key; and an anchor or a noted head finds a
chain that was made anew or cut. Without any of these the verdict is "unverified", never "intact":
a log that vouches for itself proves nothing (CVE-2023-31438, CVE-2023-31439).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from helpers.auditlog.broken import BrokenError
from helpers.auditlog.records import Anchor, Verdict, Verification
from helpers.auditlog.segments import segments
from helpers.auditlog.walk import Walk
from helpers.core.errors import UsageError

__all__ = ["EXIT_STATUS", "parse_anchor", "verify"]

EXIT_STATUS: Final = {
    Verdict.INTACT: 0,
    Verdict.UNVERIFIED: 3,
    Verdict.TRUNCATED: 13,
    Verdict.TAMPERED: 14,
}


def verify(
    folder: Path,
    *,
    root_keys: Sequence[bytes] = (),
    anchors: Sequence[Anchor] = (),
    require_seals: bool = False,
) -> Verification:
    """Verify a log, here or as a copy. Nothing is written.

    Raises OSError where a file can't be read; a log that is damaged is an answer, not an error.
    """
    walk = Walk(root_keys, anchors, require_seals=require_seals)
    found = segments(folder)
    try:
        for segment in found:
            with segment.open("rb") as stream:
                walk.segment(segment.stem, stream)
        walk.end()
    except BrokenError as broken:
        return walk.result(len(found), broken)
    return walk.result(len(found), None)


def parse_anchor(text: str) -> Anchor:
    """An anchor as reports show it, `seq:hash`. Raises UsageError for any other text."""
    seq, _, found = text.partition(":")
    hexadecimal = all(c in "0123456789abcdef" for c in found)
    if not seq.isdecimal() or not hexadecimal or len(found) not in range(16, 65):
        raise UsageError(
            f"{text!r} is no anchor.", "An anchor is seq:hash, with 16 to 64 characters of hash."
        )
    return Anchor(seq=int(seq), hash=found)
