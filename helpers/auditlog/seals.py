"""Seals: a key that advances, so that a stolen key can't sign the past.

A checkpoint carries HMAC-SHA256 over the chain's head under the key of its epoch. Then the key is
replaced by HMAC(key, "ratchet") and the old one is erased. Every epoch's key can be derived from
the root key, which is kept elsewhere, but no earlier key from a later one (after Bellare and Yee,
1997).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from helpers.auditlog.entries import canonical
from helpers.core.errors import UsageError

__all__ = [
    "EVERY",
    "SealKey",
    "key_id",
    "new_root_key",
    "ratchet",
    "read_root_key",
    "seal_of",
]

EVERY: Final = 100  # records between two seals, at most
_SIZE: Final = 32


@dataclass(frozen=True)
class SealKey:
    """The key of one epoch, the id of its root key, and the position of the last seal."""

    root: str
    epoch: int
    key: bytes
    sealed: int  # seq of the last seal
    keyring: str = ""  # its name in the system's keyring; empty: a file holds it

    def __repr__(self) -> str:
        return f"SealKey({self.root!r}, epoch={self.epoch})"

    def next(self, sealed: int) -> SealKey:
        """The key of the next epoch."""
        return replace(self, epoch=self.epoch + 1, key=ratchet(self.key), sealed=sealed)


def ratchet(key: bytes) -> bytes:
    """The key of the next epoch; the step can't be reversed."""
    return hmac.digest(key, b"ratchet", hashlib.sha256)


def seal_of(key: bytes, *, epoch: int, seq: int, prev: str) -> str:
    """The seal of a checkpoint, over its epoch, its position and the head before it."""
    message = canonical(["runbook/seal/v1", epoch, seq, prev])
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def key_id(root_key: bytes) -> str:
    """An id for a root key that does not reveal it: 16 hex characters."""
    return hashlib.sha256(b"runbook/seal-root/v1\0" + root_key).hexdigest()[:16]


def new_root_key() -> bytes:
    """A fresh root key, 256 bits."""
    return secrets.token_bytes(_SIZE)


def read_root_key(path: Path) -> bytes:
    """The root key in a file, 64 hex characters. Raises UsageError if the file holds none."""
    try:
        key = bytes.fromhex("".join(path.read_text("ascii").split()))
    except (OSError, ValueError):
        key = b""
    if len(key) != _SIZE:
        raise UsageError(
            f"{path} holds no root key.",
            "It must hold the 64 characters that `auditlog seal` showed.",
        )
    return key
