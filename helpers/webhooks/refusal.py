"""Why the control was refused: what the receiver answers, and which scheme it would accept.

A genuine delivery is signed in other ways, one after the other. One that is accepted, while the
same with a wrong secret is refused, is the scheme that the receiver expects.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from helpers.core.redaction import sanitize
from helpers.webhooks.request_builder import (
    WRONG_KEY,
    ReceiverRequest,
    RequestBuilder,
)
from helpers.webhooks.signatures import SCHEMES, Scheme
from helpers.webhooks.target import secret_variable
from helpers.webhooks.wire import ReceiverResponse

__all__ = ["OTHER_WAYS", "OtherWay", "explain_refusal"]

Headers = tuple[tuple[str, str], ...]
Signed = Callable[[bytes, bytes], Headers]  # the key and the body to the headers

_SHOWN: Final = 160  # characters of an answer
_OPAQUE: Final = re.compile(r"[A-Za-z0-9+/=_-]{20,}")  # may be a key or a signature
_NAMED: Final = re.compile(r"\b[Xx]-[A-Za-z][A-Za-z0-9-]{2,40}\b|\b[Ss]vix-[a-z]{2,20}\b")
_GITHUB: Final = (("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "1"))
_ID, _TIME = "msg_1", "1772438460"


@dataclass(frozen=True)
class OtherWay:
    """Another way to sign a delivery. `name` completes "It expects …"."""

    name: str
    headers: Signed

    def request(self, builder: RequestBuilder, *, key: bytes | None = None) -> ReceiverRequest:
        """A delivery signed in this way: with the secret, or another key."""
        name = f"refused {self.name}"
        body = builder.body(name)
        extra = self.headers(builder.key if key is None else key, body)
        return builder.forged(name, body=body, extra=extra)

    def with_wrong_key(self, builder: RequestBuilder) -> ReceiverRequest:
        """The same with a wrong secret: a receiver that accepts this one checks nothing."""
        return self.request(builder, key=WRONG_KEY)


def _hex(header: str, algorithm: str, prefix: str = "", more: Headers = ()) -> Signed:
    def headers(key: bytes, body: bytes) -> Headers:
        return ((header, prefix + hmac.digest(key, body, algorithm).hex()), *more)

    return headers


def _base64(header: str, algorithm: str) -> Signed:
    def headers(key: bytes, body: bytes) -> Headers:
        return ((header, base64.b64encode(hmac.digest(key, body, algorithm)).decode()),)

    return headers


def _svix(prefix: str) -> Signed:
    def headers(key: bytes, body: bytes) -> Headers:
        signed = f"{_ID}.{_TIME}.".encode() + body
        digest = base64.b64encode(hmac.digest(_svix_key(key), signed, "sha256")).decode()
        return (
            (f"{prefix}-id", _ID),
            (f"{prefix}-timestamp", _TIME),
            (f"{prefix}-signature", f"v1,{digest}"),
        )

    return headers


def _svix_key(key: bytes) -> bytes:
    if not key.startswith(b"whsec_"):
        return key
    try:
        return base64.b64decode(key.removeprefix(b"whsec_"))
    except binascii.Error:
        return key


def _plain_hash(key: bytes, body: bytes) -> Headers:
    return (("X-Hub-Signature", "sha1=" + hashlib.sha1(key + body).hexdigest()),)  # noqa: S324 (theirs)


def _way_of(scheme: Scheme) -> str:
    return f"{scheme.title} requests"


_HUB, _HUB_256 = "X-Hub-Signature", "X-Hub-Signature-256"
OTHER_WAYS: Final = (
    OtherWay("bare hex in X-Hub-Signature (SHA-1)", _hex(_HUB, "sha1")),
    OtherWay("bare hex in X-Hub-Signature (SHA-256)", _hex(_HUB, "sha256")),
    OtherWay("SHA-256 in X-Hub-Signature (`sha256=`)", _hex(_HUB, "sha256", "sha256=")),
    OtherWay("base64 in X-Hub-Signature (SHA-1)", _base64(_HUB, "sha1")),
    OtherWay("a hash of secret and body, not an HMAC", _plain_hash),
    *(
        OtherWay(_way_of(scheme), _hex(scheme.header, scheme.algorithm, scheme.prefix))
        for scheme in SCHEMES.values()
    ),
    OtherWay("X-Hub-Signature-256 (`sha256=`)", _hex(_HUB_256, "sha256", "sha256=")),
    OtherWay("GitHub's headers beside SHA-1", _hex(_HUB, "sha1", "sha1=", _GITHUB)),
    OtherWay("GitHub's headers and SHA-256", _hex(_HUB_256, "sha256", "sha256=", _GITHUB)),
    OtherWay("Svix's headers (svix-signature)", _svix("svix")),
    OtherWay("Standard Webhooks' headers (webhook-signature)", _svix("webhook")),
)


def explain_refusal(
    response: ReceiverResponse, accepted: tuple[str, ...], sent: frozenset[str], tried: Scheme
) -> Iterator[str]:
    """What a refused control says about the receiver.

    `sent` are the lower-case names of the headers that went with it, `tried` is its scheme.
    """
    text = response.body.decode("utf-8", "replace").strip()
    if text:
        yield f"Its answer begins: {_first_line(text)}"
    asked = {name.lower(): name for name in _NAMED.findall(text) if name.lower() not in sent}
    others = [scheme for scheme in SCHEMES.values() if scheme is not tried]
    expected = [s for s in others if s.header.lower() in asked or _way_of(s) in accepted]
    for scheme in expected:
        asked.pop(scheme.header.lower(), None)
    for name in asked.values():
        yield f"It asks for the header {name}: give it with --header '{name}: VALUE'."
    for name in accepted:
        yield f"It expects {name}: with that, the same secret is accepted and a wrong one refused."
    for scheme in expected:
        yield (
            f"It is a receiver of {_way_of(scheme)}: test it with --scheme {scheme.name}, which "
            f"signs with {secret_variable(scheme.name)} as {scheme.title} does."
        )
    if not accepted and not asked and not expected:
        yield (
            "No other known scheme is accepted with this secret either: most likely it is not the "
            "receiver's, or the address is another route's. Canvas Kit and Fin Agent have routes "
            "of their own (--scheme), and Fin Agent has a secret of its own."
        )


def _first_line(text: str) -> str:
    """The first line, without anything that may be a key or a signature."""
    line = _OPAQUE.sub("…", sanitize(text.splitlines()[0]))
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
