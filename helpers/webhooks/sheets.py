"""Decrypt the user that Canvas Kit sends when it opens a sheet. Copy this file.

    opened = SheetUsers(client_secret).open(request.form["user"])
    if not opened:
        return 401

Base64 of a nonce of 12 bytes, the ciphertext and a tag of 16 bytes, by AES-256-GCM under the
SHA-256 of the client secret. GCM authenticates: the sender of what decrypts has the secret.
It has no time: a recorded value decrypts for ever.

Source: developers.intercom.com, "Canvas Kit", "Sheets" (decrypting the user).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

__all__ = ["SheetReason", "SheetUsers", "SheetVerdict"]

_NONCE: Final = 12  # bytes
_TAG: Final = 16  # bytes
_LONGEST: Final = 65_536  # characters of base64


class SheetReason(StrEnum):
    """Why a value was opened or refused. Safe to log and to answer with."""

    GENUINE = "genuine"
    MALFORMED = "malformed"
    MISMATCH = "mismatch"
    NO_USER = "no_user"


@dataclass(frozen=True)
class SheetVerdict:
    """True where the value is genuine. `secret` says which of the secrets opened it, from 0."""

    reason: SheetReason
    secret: int | None = None
    user: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return self.reason is SheetReason.GENUINE


class SheetUsers:
    """Opens values sealed under any of these client secrets: several during a rotation.

    Raises ValueError for an empty secret.
    """

    def __init__(self, *secrets: str | bytes) -> None:
        self._keys = tuple(_key(secret) for secret in secrets)
        if not self._keys:
            raise ValueError("Sheets need a client secret.")

    def open(self, value: str | bytes) -> SheetVerdict:
        """Decrypt a value. Nothing that a caller sends raises."""
        raw = _decoded(value)
        if raw is None:
            return SheetVerdict(SheetReason.MALFORMED)
        for index, key in enumerate(self._keys):
            text = _decrypted(key, raw)
            if text is not None:
                return _read(text, index)
        return SheetVerdict(SheetReason.MISMATCH)

    def seal(self, user: Mapping[str, Any]) -> str:
        """The value that Intercom would send for a user, for testing your own receiver."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        text = json.dumps(user, ensure_ascii=False, separators=(",", ":")).encode()
        return base64.b64encode(nonce + AESGCM(self._keys[0]).encrypt(nonce, text, None)).decode()


def _decoded(value: str | bytes) -> bytes | None:
    """The bytes, if this is their canonical base64 form; line feeds are ignored.

    Ruby's encoder breaks lines, so line feeds are allowed. Stray bits at the end are not: they
    would give one value several encodings.
    """
    if not isinstance(value, str | bytes) or len(value) > _LONGEST:
        return None
    try:
        text = value.encode("ascii") if isinstance(value, str) else value
        joined = text.replace(b"\n", b"")
        raw = base64.b64decode(joined, validate=True)
    except ValueError:
        return None
    whole = base64.b64encode(raw) == joined
    return raw if whole and len(raw) >= _NONCE + _TAG else None


def _decrypted(key: bytes, raw: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], None)
    except InvalidTag:
        return None


def _read(text: bytes, index: int) -> SheetVerdict:
    try:
        user = json.loads(text)
    except (ValueError, RecursionError):
        return SheetVerdict(SheetReason.NO_USER)
    return (
        SheetVerdict(SheetReason.GENUINE, index, user)
        if isinstance(user, dict)
        else SheetVerdict(SheetReason.NO_USER)
    )


def _key(secret: str | bytes) -> bytes:
    raw = secret.encode() if isinstance(secret, str) else bytes(secret)
    if not raw.strip():
        raise ValueError("The secret is empty: anyone could seal with it.")
    return hashlib.sha256(raw).digest()
