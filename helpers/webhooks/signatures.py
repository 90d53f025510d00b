"""Verify Intercom's signatures. Copy this file: it needs only Python.

    verifier = Verifier(client_secret)
    verdict = verifier.verify(raw_body, request.headers.getlist(WEBHOOK.header))
    if not verdict:
        return 401, verdict.reason

It follows these rules:

- the HMAC is over the raw bytes of the body, before anything parses or decodes them;
- there is exactly one signature header, matched in full as bytes and compared as bytes in
  constant time (`hmac.compare_digest` raises on non-ASCII text, so text never reaches it);
- nothing that a caller sends raises; the verdict carries a reason, never the expected value;
- an empty secret is refused when the verifier is made, not when the first forgery arrives.

Sources: developers.intercom.com, "Setting up webhooks" (signed notifications), "Canvas Kit"
(signing), "Fin Agent API" (webhook signature), and "Identity verification".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "CANVAS_KIT",
    "FIN_AGENT",
    "SCHEMES",
    "WEBHOOK",
    "Reason",
    "Scheme",
    "SignatureVerdict",
    "Verifier",
    "sign",
    "user_hash",
    "verify_user_hash",
]

MAX_BODY: Final = 1_048_576  # bytes; Intercom's deliveries are far smaller


@dataclass(frozen=True)
class Scheme:
    """One way in which Intercom signs a request: the header, the hash and its prefix."""

    name: str
    title: str
    header: str
    algorithm: str
    prefix: str

    @property
    def digits(self) -> int:
        """How many hex digits a digest has."""
        return hashlib.new(self.algorithm).digest_size * 2

    def pattern(self) -> re.Pattern[bytes]:
        """The one form that a genuine signature has."""
        return re.compile(re.escape(self.prefix.encode()) + b"([0-9a-f]{%d})" % self.digits)


WEBHOOK: Final = Scheme("webhook", "Webhook", "X-Hub-Signature", "sha1", "sha1=")
CANVAS_KIT: Final = Scheme("canvas_kit", "Canvas Kit", "X-Body-Signature", "sha256", "")
FIN_AGENT: Final = Scheme(
    "fin_agent", "Fin Agent", "X-Fin-Agent-API-Webhook-Signature", "sha256", "sha256="
)
SCHEMES: Final = {scheme.name: scheme for scheme in (WEBHOOK, CANVAS_KIT, FIN_AGENT)}


class Reason(StrEnum):
    """Why a request was accepted or refused. Safe to log and to answer with."""

    GENUINE = "genuine"
    NO_SIGNATURE = "no_signature"
    SEVERAL_SIGNATURES = "several_signatures"
    MALFORMED_SIGNATURE = "malformed_signature"
    BODY_TOO_LARGE = "body_too_large"
    MISMATCH = "mismatch"


@dataclass(frozen=True)
class SignatureVerdict:
    """True where the request is genuine. `secret` says which of the secrets matched, from 0."""

    reason: Reason
    secret: int | None = None

    def __bool__(self) -> bool:
        return self.reason is Reason.GENUINE


class Verifier:
    """Verifies requests signed with any of these secrets: several during a rotation."""

    def __init__(
        self, *secrets: str | bytes, scheme: Scheme = WEBHOOK, max_body: int = MAX_BODY
    ) -> None:
        self._keys = tuple(_key(secret) for secret in secrets)
        if not self._keys:
            raise ValueError("A verifier needs a secret.")
        self.scheme = scheme
        self.max_body = max_body
        self._pattern = scheme.pattern()

    def verify(self, body: bytes, signatures: Iterable[str | bytes | None]) -> SignatureVerdict:
        """Verify the raw body against all values of the signature header; None values are ignored.

        Raises TypeError, for genuine requests too, where the body is not bytes (a decoded or
        parsed one can't be verified) or the values are one text in place of a list.
        """
        if not isinstance(body, bytes):
            raise TypeError("Pass the raw bytes of the body, as they arrived.")
        if isinstance(signatures, str | bytes):
            raise TypeError("Pass a list of the header's values; empty without a header.")
        values = [_bytes(value) for value in signatures if value is not None]
        if len(body) > self.max_body:
            return SignatureVerdict(Reason.BODY_TOO_LARGE)
        if len(values) != 1:
            return SignatureVerdict(Reason.SEVERAL_SIGNATURES if values else Reason.NO_SIGNATURE)
        match = self._pattern.fullmatch(values[0])
        if match is None:
            return SignatureVerdict(Reason.MALFORMED_SIGNATURE)
        return self._compare(body, match[1])

    def _compare(self, body: bytes, claimed: bytes) -> SignatureVerdict:
        matched = None
        for index, key in enumerate(self._keys):  # try every key: timing reveals nothing
            expected = hmac.digest(key, body, self.scheme.algorithm).hex().encode()
            if hmac.compare_digest(expected, claimed):
                matched = index
        return SignatureVerdict(Reason.MISMATCH if matched is None else Reason.GENUINE, matched)


def sign(secret: str | bytes, body: bytes, scheme: Scheme = WEBHOOK) -> str:
    """The value of the signature header that Intercom would send with this body."""
    return scheme.prefix + hmac.digest(_key(secret), body, scheme.algorithm).hex()


def user_hash(secret: str | bytes, *, user_id: str = "", email: str = "") -> str:
    """The identity verification hash of a user: of `user_id` if it is sent, else of `email`.

    Raises ValueError where neither is given.
    """
    subject = user_id or email
    if not subject:
        raise ValueError("A user needs a user_id or an e-mail address.")
    return hmac.digest(_key(secret), subject.encode("utf-8", "surrogatepass"), "sha256").hex()


def verify_user_hash(
    claimed: str, secrets: Iterable[str | bytes], *, user_id: str = "", email: str = ""
) -> SignatureVerdict:
    """Verify a `user_hash` as Intercom does: with a `user_id`, the e-mail's hash is refused."""
    given = _bytes(claimed)
    if not given:
        return SignatureVerdict(Reason.NO_SIGNATURE)
    subject = user_id or email
    if not subject or not isinstance(subject, str):  # a parsed request may hold a number
        return SignatureVerdict(Reason.MISMATCH)
    matched = None
    for index, secret in enumerate(secrets):
        expected = user_hash(secret, user_id=subject).encode()
        if hmac.compare_digest(expected, given):
            matched = index
    return SignatureVerdict(Reason.MISMATCH if matched is None else Reason.GENUINE, matched)


def _key(secret: str | bytes) -> bytes:
    key = secret.encode() if isinstance(secret, str) else bytes(secret)
    if not key.strip():
        raise ValueError("The secret is empty: anyone could sign with it.")
    return key


def _bytes(value: str | bytes) -> bytes:
    """Header text as the bytes on the wire; text that can't have been sent won't match."""
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    return value if isinstance(value, bytes) else b""  # bytes(10**12) would be that many zeros
