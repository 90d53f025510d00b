"""One request to a receiver, byte for byte, and the signature that goes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from helpers.webhooks.records import Expect

__all__ = ["Framing", "Mark", "Probe"]


class Framing(StrEnum):
    """How the length of a body is told."""

    LENGTH = "length"
    CHUNKED = "chunked"
    SLOW = "slow"  # two halves with a pause between
    CONFLICT = "conflict"  # Content-Length and Transfer-Encoding, which disagree


@dataclass(frozen=True)
class Mark:
    """A signature header's value, and the same for a shell: `$sig` is the right digest of `over`.

    `shell` lets a failure be reproduced without telling a value that only the secret could make;
    `variable` is the secret's, where it is not the scheme's own.
    """

    value: bytes = field(repr=False)
    shell: str
    over: bytes = field(default=b"", repr=False)
    variable: str = ""


@dataclass(frozen=True)
class Probe:
    """What is sent. `header` is the signature header's name; `marks` are its values, in order."""

    name: str
    body: bytes = field(repr=False)
    header: str
    marks: tuple[Mark, ...] = ()
    method: str = "POST"
    content_type: str | None = "application/json"
    extra: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, Mark], ...] = ()  # parameters that the URL gets
    framing: Framing = Framing.LENGTH
    expect: Expect | None = None  # where it differs from its case's
    advisory: bool = False
    refusals: frozenset[int] = frozenset()  # statuses that refuse too, beside 4xx
    may_close: bool = False  # closing the connection is a proper refusal
    plain_http: bool = False  # to the http variant of an https address
    notification: str = ""  # the id inside the body, for observers
    genuine: bool = False  # signed right, and shaped as Intercom does
    times: int = 1
    at_once: bool = False  # all of `times` together

    @property
    def all_marks(self) -> tuple[Mark, ...]:
        """Every signature in it, wherever it stands."""
        return (*self.marks, *(mark for _, mark in self.query))

    def header_lines(self) -> list[tuple[bytes, bytes]]:
        """Every header that belongs to the request itself."""
        lines = [(self.header.encode(), mark.value) for mark in self.marks]
        if self.content_type is not None:
            lines.append((b"Content-Type", self.content_type.encode()))
        return lines + [(name.encode(), value.encode("latin-1")) for name, value in self.extra]
