"""Build genuine deliveries and forgeries of them, byte for byte, for one scheme and one secret."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from helpers.webhooks.framing import Framing
from helpers.webhooks.records import Expect
from helpers.webhooks.samples import compact, sample
from helpers.webhooks.signatures import CANVAS_KIT, FIN_AGENT, WEBHOOK, Scheme

__all__ = [
    "SAMPLE_APP",
    "TOPIC",
    "USER_AGENT",
    "WRONG_KEY",
    "Phase",
    "PreviousSecret",
    "ReceiverRequest",
    "RequestBuilder",
    "Route",
    "SignatureValue",
]

SAMPLE_APP: Final = "sample01"
USER_AGENT: Final = "intercom-parrot-service-client/1.0"  # as Intercom's deliveries have it
TOPIC: Final = "conversation.user.created"
WRONG_KEY: Final = b"not-the-secret-of-this-receiver"
_SENT_AT: Final = 1_772_438_460  # a day that the samples agree on; no signature holds a time


class Route(StrEnum):
    """How the path is spelled."""

    SAME = "same"
    SLASH = "trailing slash"
    DOUBLE = "two slashes"
    CAPITALS = "capitals"
    SEMICOLON = "semicolon"
    DOT = "encoded dot"

    def of(self, path: str) -> str:
        """The path in this spelling; a query stays as it is."""
        plain, mark, query = path.partition("?")
        spelled = {
            Route.SLASH: f"{plain}/",
            Route.DOUBLE: f"/{plain}",
            Route.CAPITALS: plain.swapcase(),
            Route.SEMICOLON: f"{plain};x",
            Route.DOT: f"/%2e{plain}",
        }.get(self, plain)
        return spelled + mark + query


@dataclass(frozen=True)
class SignatureValue:
    """A signature header's value, and the same for a shell: `$sig` is the right digest of `over`.

    `shell` reproduces a failure without revealing a value that requires the secret;
    `variable` holds the secret, if it is not the scheme's own.
    """

    value: bytes = field(repr=False)
    shell: str
    over: bytes = field(default=b"", repr=False)
    variable: str = ""


@dataclass(frozen=True)
class ReceiverRequest:
    """One request. `header` is the signature header's name, `signatures` its values in order."""

    name: str
    body: bytes = field(repr=False)
    header: str
    signatures: tuple[SignatureValue, ...] = ()
    method: str = "POST"
    content_type: str | None = "application/json"
    extra: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, SignatureValue], ...] = ()  # parameters that the URL gets
    beside: tuple[tuple[str, SignatureValue], ...] = ()  # further headers made with the secret
    route: Route = Route.SAME
    before: ReceiverRequest | None = None  # goes first, on the same connection
    pipelined: bool = False  # both are sent at once
    framing: Framing = Framing.LENGTH
    expect: Expect | None = None  # if it differs from its case's
    advisory: bool = False
    refusals: frozenset[int] = frozenset()  # statuses that count as refusals besides 4xx
    may_close: bool = False  # closing the connection counts as a refusal
    plain_http: bool = False  # to the http variant of an https address
    notification: str = ""  # the id inside the body, for observers
    genuine: bool = False  # validly signed, and shaped like Intercom's
    times: int = 1
    at_once: bool = False  # at the same time as the others of its case that say so
    once: bool = False  # must be acted upon once, however often it is sent

    @property
    def all_signatures(self) -> tuple[SignatureValue, ...]:
        """Every value in the request that is made with the secret."""
        return (
            *self.signatures,
            *(signature for _, signature in self.query),
            *(signature for _, signature in self.beside),
        )

    def header_lines(self) -> list[tuple[bytes, bytes]]:
        """The headers of the request itself."""
        lines = [(self.header.encode(), signature.value) for signature in self.signatures]
        lines += [(name.encode(), signature.value) for name, signature in self.beside]
        if self.content_type is not None:
            lines.append((b"Content-Type", self.content_type.encode()))
        return lines + [(name.encode(), value.encode("latin-1")) for name, value in self.extra]


class Phase(StrEnum):
    """The phase of a secret's rotation, as its receiver must handle it."""

    STEADY = "steady"  # there is one secret
    OVERLAP = "overlap"  # both are valid: deliveries signed with either are genuine
    REVOKED = "revoked"  # the previous one is no longer valid


@dataclass(frozen=True)
class PreviousSecret:
    """The previous secret, and the variable that holds it."""

    variable: str
    key: bytes = field(repr=False)
    revoked: bool = False


@dataclass(frozen=True)
class RequestBuilder:
    """Builds requests. `key` is the client secret, or the Fin Agent webhook secret."""

    scheme: Scheme
    key: bytes = field(repr=False)
    app_id: str = SAMPLE_APP
    sent_at: int = _SENT_AT
    run_id: str = ""  # keeps the deliveries of two runs apart
    previous: PreviousSecret | None = None
    variable: str = ""  # that holds the key, if it is not the scheme's own

    @property
    def phase(self) -> Phase:
        """The phase of the rotation."""
        if self.previous is None:
            return Phase.STEADY
        return Phase.REVOKED if self.previous.revoked else Phase.OVERLAP

    def previous_builder(self) -> RequestBuilder:
        """The same builder with the previous secret as its key. Raises ValueError without one."""
        if self.previous is None:
            raise ValueError("There is no previous secret.")
        return replace(self, key=self.previous.key, variable=self.previous.variable, previous=None)

    def document(self, name: str) -> dict[str, Any]:
        """A distinct delivery: no two names share an identifier."""
        return sample(
            self.scheme,
            app_id=self.app_id,
            identifier=self.identifier(name),
            sent_at=self.sent_at,
            topic=TOPIC,
        )

    def identifier(self, name: str) -> str:
        """The delivery's id."""
        return f"notif_{self.run_id}{name.replace(' ', '_')}"

    def body(self, name: str) -> bytes:
        """The same document as Intercom would serialise it."""
        return compact(self.document(name))

    def digest(self, body: bytes, *, key: bytes | None = None, algorithm: str = "") -> str:
        """Hex digits of the HMAC; key and algorithm default to the right ones."""
        chosen = algorithm or self.scheme.algorithm
        return hmac.digest(self.key if key is None else key, body, chosen).hex()

    def signature(self, over: bytes) -> SignatureValue:
        """The valid signature of these bytes."""
        value = self.scheme.prefix + self.digest(over)
        return self.derived_signature(over, value, f"{self.scheme.prefix}${{sig}}")

    def signature_with(self, over: bytes, key: bytes) -> SignatureValue:
        """A signature with a key that is not the receiver's secret."""
        return self.literal(self.scheme.prefix + self.digest(over, key=key))

    def derived_signature(self, over: bytes, value: str, shell: str) -> SignatureValue:
        """A value derived from the valid signature; `shell` derives it from `$sig`."""
        return SignatureValue(value.encode("latin-1"), shell, over, self.variable)

    @staticmethod
    def literal(value: str | bytes) -> SignatureValue:
        """A value that anyone can write."""
        raw = value.encode("latin-1") if isinstance(value, str) else value
        return SignatureValue(raw, raw.decode("latin-1"))

    def genuine(self, name: str, body: bytes | None = None, **more: Any) -> ReceiverRequest:
        """A request as Intercom sends it."""
        content = self.body(name) if body is None else body
        given: dict[str, Any] = {"genuine": True, "signatures": (self.signature(content),), **more}
        return self._request(name, content, given)

    def forged(
        self, name: str, *signatures: SignatureValue, body: bytes | None = None, **more: Any
    ) -> ReceiverRequest:
        """A request that Intercom did not send; unsigned without signatures."""
        content = self.body(name) if body is None else body
        return self._request(name, content, {"signatures": signatures, **more})

    @property
    def other_schemes(self) -> tuple[Scheme, ...]:
        """Intercom's other schemes."""
        return tuple(s for s in (WEBHOOK, CANVAS_KIT, FIN_AGENT) if s is not self.scheme)

    def _request(self, name: str, body: bytes, more: dict[str, Any]) -> ReceiverRequest:
        given = {"header": self.scheme.header, "notification": self.identifier(name), **more}
        return ReceiverRequest(name=name, body=body, **given)
