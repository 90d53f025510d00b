"""Seals: a key that moves on, so that whoever takes today's can't sign yesterday.

A checkpoint carries HMAC-SHA256 over the chain's head under the key of its epoch. Then the key is
replaced by HMAC(key, "ratchet") and the old one erased. From the root key, kept elsewhere, every
epoch's key follows; from a later key no earlier one does (the idea of Bellare and Yee, 1997).
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
    """The key of one epoch, the id of its root, and where the last seal stands."""

    root: str
    epoch: int
    key: bytes
    sealed: int  # seq of the last seal
    keyring: str = ""  # the name under which the system's keyring holds it; empty: a file does

    def __repr__(self) -> str:
        return f"SealKey({self.root!r}, epoch={self.epoch})"

    def next(self, sealed: int) -> SealKey:
        """The key of the next epoch."""
        return replace(self, epoch=self.epoch + 1, key=ratchet(self.key), sealed=sealed)


def ratchet(key: bytes) -> bytes:
    """The key of the next epoch; there is no way back."""
    return hmac.digest(key, b"ratchet", hashlib.sha256)


def seal_of(key: bytes, *, epoch: int, seq: int, prev: str) -> str:
    """The seal of a checkpoint: over its epoch, its place and the head before it."""
    told = canonical(["runbook/seal/v1", epoch, seq, prev])
    return hmac.new(key, told, hashlib.sha256).hexdigest()


def key_id(root_key: bytes) -> str:
    """A name for a root key that does not tell it: 16 hex characters."""
    return hashlib.sha256(b"runbook/seal-root/v1\0" + root_key).hexdigest()[:16]


def new_root_key() -> bytes:
    """A fresh root key, 256 bits."""
    return secrets.token_bytes(_SIZE)


def read_root_key(path: Path) -> bytes:
    """The root key in a file, 64 hex characters. Raises UsageError where there is none."""
    try:
        key = bytes.fromhex("".join(path.read_text("ascii").split()))
    except (OSError, ValueError):
        key = b""
    if len(key) != _SIZE:
        raise UsageError(
            f"{path} holds no root key.", "It is the 64 characters that `auditlog seal` showed."
        )
    return key
