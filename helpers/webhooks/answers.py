"""What comes back from a receiver: an answer, or what stands in for one.

h11 reads it. It is told of a plain request, since what was really sent is no affair of its.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import h11

__all__ = ["Answer", "Kind", "Reader"]

_KEPT: Final = 262_144  # bytes of an answer's body that are looked at


class Kind(StrEnum):
    """How an exchange ended."""

    ANSWERED = "answered"
    UNREACHABLE = "no connection"
    TLS = "no TLS connection"
    CLOSED = "closed without a whole answer"
    HUNG = "no answer in time"
    GARBAGE = "an answer that is not HTTP"

    @property
    def reached(self) -> bool:
        """True where the request got to something that might be the receiver."""
        return self not in {Kind.UNREACHABLE, Kind.TLS}


@dataclass(frozen=True)
class Answer:
    """What came back. `seconds` is from the first byte sent to the last one read."""

    kind: Kind
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    seconds: float = 0.0
    version: str = ""
    detail: str = ""

    @property
    def observed(self) -> str:
        """What to say of it. Never a word of the answer's own text, which may hold a secret."""
        if self.kind is Kind.ANSWERED:
            return str(self.status)
        return f"{self.kind}{f' ({self.detail})' if self.detail else ''}"

    def header(self, name: str) -> str:
        """The first header of that name (given in lower case), or an empty text."""
        return next((value for key, value in self.headers if key == name), "")


class Reader:
    """Reads one answer with h11, which is told of a plain request: what was sent is our affair."""

    def __init__(self, method: str) -> None:
        self._h11 = h11.Connection(h11.CLIENT)
        self._h11.send(h11.Request(method=method, target="/", headers=[("Host", "receiver")]))
        self._h11.send(h11.EndOfMessage())
        self._seen = b""
        self._closed = False
        self.status = 0
        self._version = ""
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what arrived; nothing at all means that the peer closed."""
        self._seen = (self._seen + data)[:16]
        self._closed = self._closed or not data
        self._h11.receive_data(data)

    def finished(self) -> bool:
        """Read on; True when the answer is whole, or large enough to have seen it."""
        while (event := self._h11.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Response):
                self.status = event.status_code
                self._version = event.http_version.decode()
                self._headers = tuple(
                    (k.decode("latin-1"), v.decode("latin-1")) for k, v in event.headers
                )
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif not isinstance(event, h11.InformationalResponse):
                return True
        return len(self._body) > _KEPT

    def trouble(self) -> tuple[Kind, str]:
        """What a protocol error means."""
        if self.status:
            return Kind.CLOSED, "half an answer"
        if self._closed and (not self._seen or b"HTTP/".startswith(self._seen[:5])):
            return Kind.CLOSED, "half an answer" if self._seen else ""
        return Kind.GARBAGE, "it speaks TLS" if self._seen.startswith(b"\x15\x03") else ""

    def answer(self, kind: Kind, detail: str, seconds: float) -> Answer:
        """All that was read. An answer without a status (101, say) is none."""
        return Answer(
            kind=kind if self.status or kind is not Kind.ANSWERED else Kind.GARBAGE,
            status=self.status,
            headers=self._headers,
            body=bytes(self._body[:_KEPT]),
            seconds=seconds,
            version=self._version,
            detail=detail,
        )
