"""How a request declares the length of its body: as it should, and in ways that servers dispute.

Where two servers on the way read a length differently, what one takes for a body is a request to
the other. A disputed length never announces more bytes than are sent, so no reading of it waits.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["DISPUTED", "Framing"]

_SHORTER: Final = 8  # bytes by which the second of two lengths is shorter
_CHUNKED: Final = (b"Transfer-Encoding", b"chunked")


class Framing(StrEnum):
    """How the length of a body is declared."""

    LENGTH = "length"
    CHUNKED = "chunked"
    SLOW = "slow"  # two halves with a pause between
    CUT = "cut"  # the second half never comes
    CONFLICT = "conflict"  # Content-Length and Transfer-Encoding, which disagree
    LONG_FIRST = "long length first"
    SHORT_FIRST = "short length first"
    LISTED = "list of lengths"
    PLUS = "plus sign"
    FOLDED = "folded coding"
    SPACED = "space before the colon"
    UNKNOWN = "unknown coding"
    TWO_CODINGS = "two codings"
    CONTROL = "control character"

    def headers(self, body: bytes) -> list[tuple[bytes, bytes]]:
        """The header lines that declare the length of this body."""
        if self in _BY_CODING:
            wire = len(_chunks(body))
            return [(b"Content-Length", b"%d" % wire), *_BY_CODING[self]]
        if self is Framing.CHUNKED:
            return [_CHUNKED]
        right, shorter = b"%d" % len(body), b"%d" % max(0, len(body) - _SHORTER)
        values = {
            Framing.LONG_FIRST: (right, shorter),
            Framing.SHORT_FIRST: (shorter, right),
            Framing.LISTED: (right + b", " + shorter,),
            Framing.PLUS: (b"+" + right,),
        }.get(self, (right,))
        lengths = [(b"Content-Length", value) for value in values]
        return [*lengths, _CHUNKED] if self is Framing.CONFLICT else lengths

    def parts(self, body: bytes) -> tuple[bytes, ...]:
        """The body as it is sent: with the head, and after a pause."""
        half = len(body) // 2
        if self is Framing.SLOW:
            return body[:half], body[half:]
        if self is Framing.CUT:
            return (body[:half],)
        return (_chunks(body) if self in _IN_CHUNKS else body,)


_BY_CODING: Final = {
    Framing.FOLDED: [(b"Transfer-Encoding", b"\r\n chunked")],
    Framing.SPACED: [(b"Transfer-Encoding ", b"chunked")],
    Framing.UNKNOWN: [(b"Transfer-Encoding", b"xchunked")],
    Framing.TWO_CODINGS: [_CHUNKED, (b"Transfer-Encoding", b"identity")],
    Framing.CONTROL: [(b"Transfer-Encoding", b"\x0bchunked")],
}
_IN_CHUNKS: Final = frozenset({Framing.CHUNKED, Framing.CONFLICT, *_BY_CODING})
DISPUTED: Final = tuple(
    framing
    for framing in Framing
    if framing not in {Framing.LENGTH, Framing.CHUNKED, Framing.SLOW, Framing.CUT}
)


def _chunks(body: bytes) -> bytes:
    half = len(body) // 2
    parts = [part for part in (body[:half], body[half:]) if part]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
