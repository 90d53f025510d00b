"""Build genuine deliveries and forgeries of them, byte for byte, for one scheme and one secret."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from helpers.webhooks.records import Expect
from helpers.webhooks.samples import compact, sample
from helpers.webhooks.signatures import CANVAS_KIT, FIN_AGENT, WEBHOOK, Scheme

__all__ = ["TOPIC", "WRONG_KEY", "Forge", "Framing", "Mark", "Phase", "Previous", "Probe"]

TOPIC: Final = "conversation.user.created"
WRONG_KEY: Final = b"not-the-secret-of-this-receiver"
_SENT_AT: Final = 1_772_438_460  # a day that the samples agree on; no signature holds a time


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


class Phase(StrEnum):
    """Where the rotation of a secret stands, as its receiver has to see it."""

    STEADY = "steady"  # there is one secret
    OVERLAP = "overlap"  # both are good: deliveries signed with either are genuine
    REVOKED = "revoked"  # the previous one is good for nothing any more


@dataclass(frozen=True)
class Previous:
    """The secret before this one, by the name of its variable."""

    variable: str
    key: bytes = field(repr=False)
    revoked: bool = False


@dataclass(frozen=True)
class Forge:
    """A maker of requests. `key` is the client secret, or the Fin Agent webhook secret."""

    scheme: Scheme
    key: bytes = field(repr=False)
    app_id: str = "sample01"
    sent_at: int = _SENT_AT
    run: str = ""  # tells the deliveries of one run from those of another
    previous: Previous | None = None
    variable: str = ""  # of the key, where it is not the scheme's own

    @property
    def phase(self) -> Phase:
        """The phase of a rotation that the receiver is in."""
        if self.previous is None:
            return Phase.STEADY
        return Phase.REVOKED if self.previous.revoked else Phase.OVERLAP

    def before(self) -> Forge:
        """The same with the previous secret as its key. Raises ValueError where there is none."""
        if self.previous is None:
            raise ValueError("There is no previous secret.")
        return replace(self, key=self.previous.key, variable=self.previous.variable, previous=None)

    def document(self, name: str) -> dict[str, Any]:
        """A delivery of its own: no two names share an identifier."""
        return sample(
            self.scheme,
            app_id=self.app_id,
            identifier=self.identifier(name),
            sent_at=self.sent_at,
            topic=TOPIC,
        )

    def identifier(self, name: str) -> str:
        """The delivery's id."""
        return f"notif_{self.run}{name.replace(' ', '_')}"

    def body(self, name: str) -> bytes:
        """The same as Intercom would write it."""
        return compact(self.document(name))

    def digest(self, body: bytes, *, key: bytes | None = None, algorithm: str = "") -> str:
        """Hex digits of the HMAC, with the right key and hash unless others are given."""
        chosen = algorithm or self.scheme.algorithm
        return hmac.digest(self.key if key is None else key, body, chosen).hex()

    def right(self, over: bytes) -> Mark:
        """The signature that Intercom would send with these bytes."""
        value = self.scheme.prefix + self.digest(over)
        return self.bent(over, value, f"{self.scheme.prefix}${{sig}}")

    def keyed(self, over: bytes, key: bytes) -> Mark:
        """A signature with a key that is no secret of the receiver."""
        return self.literal(self.scheme.prefix + self.digest(over, key=key))

    def bent(self, over: bytes, value: str, shell: str) -> Mark:
        """A value derived from the right signature; `shell` makes it of `$sig`."""
        return Mark(value.encode("latin-1"), shell, over, self.variable)

    @staticmethod
    def literal(value: str | bytes) -> Mark:
        """A value that anybody can write."""
        raw = value.encode("latin-1") if isinstance(value, str) else value
        return Mark(raw, raw.decode("latin-1"))

    def genuine(self, name: str, body: bytes | None = None, **more: Any) -> Probe:
        """A request as Intercom makes it."""
        content = self.body(name) if body is None else body
        given: dict[str, Any] = {"genuine": True, "marks": (self.right(content),), **more}
        return self._probe(name, content, given)

    def forged(self, name: str, *marks: Mark, body: bytes | None = None, **more: Any) -> Probe:
        """A request that Intercom did not make; without marks it is unsigned."""
        content = self.body(name) if body is None else body
        return self._probe(name, content, {"marks": marks, **more})

    @property
    def others(self) -> tuple[Scheme, ...]:
        """The other schemes of Intercom's."""
        return tuple(s for s in (WEBHOOK, CANVAS_KIT, FIN_AGENT) if s is not self.scheme)

    def _probe(self, name: str, body: bytes, more: dict[str, Any]) -> Probe:
        given = {"header": self.scheme.header, "notification": self.identifier(name), **more}
        return Probe(name=name, body=body, **given)
