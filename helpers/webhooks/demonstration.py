"""The verifier at work on one delivery, for people to see. Its secret is made up on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from helpers.webhooks.samples import compact, notification
from helpers.webhooks.signatures import WEBHOOK, Reason, Verifier, sign

__all__ = ["Shown", "demonstrate"]

_SECRET: Final = b"a secret for this demonstration only"
_OTHER: Final = b"a secret of somebody else"


@dataclass(frozen=True)
class Shown:
    """One try: what was handed over, and what the verifier said."""

    what: str
    header: str
    reason: Reason


def demonstrate() -> Iterator[Shown]:
    """The same delivery as Intercom signs it, then with one thing wrong each."""
    document = notification("ping", app_id="dm4x7q2k", identifier=None, sent_at=1_772_438_400)
    body = compact(document)
    right = sign(_SECRET, body)
    tries = (
        ("as Intercom sent it", body, (right,)),
        ("one byte of the body changed", body.replace(b"ping", b"pong", 1), (right,)),
        ("a space behind the body", body + b" ", (right,)),
        ("signed with another secret", body, (sign(_OTHER, body),)),
        ("one digit of the signature wrong", body, (_turned(right),)),
        ("the signature cut short", body, (right[:-1],)),
        ("the signature in capitals", body, (right.upper(),)),
        ("without a signature", body, ()),
        ("with two signatures", body, (right, right)),
    )
    verifier = Verifier(_SECRET)
    for what, content, headers in tries:
        yield Shown(what, _short(headers), verifier.verify(content, headers).reason)
    during = Verifier(_OTHER, _SECRET).verify(body, (right,))
    yield Shown("by a verifier with the new and the old secret", _short((right,)), during.reason)


def _turned(signature: str) -> str:
    return signature[:-1] + ("0" if signature[-1] != "0" else "1")


def _short(headers: tuple[str, ...]) -> str:
    beginning = len(WEBHOOK.prefix) + 8
    return ", ".join(f"{header[:beginning]}…{header[-2:]}" for header in headers) or "–"
