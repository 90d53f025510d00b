"""Seals: a key that moves on, so that whoever takes today's can't sign yesterday.

A checkpoint carries HMAC-SHA256 over the chain's head under the key of its epoch. Then the key is
replaced by HMAC(key, "ratchet") and the old one erased. From the root key, kept elsewhere, every
epoch's key follows; from a later key no earlier one does (the idea of Bellare and Yee, 1997).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.auditlog.entries import canonical
from helpers.errors import StateError, UsageError

__all__ = [
    "EVERY",
    "KeyState",
    "SealKey",
    "key_id",
    "new_root_key",
    "ratchet",
    "read_root_key",
    "seal_of",
    "sync_folder",
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

    def __repr__(self) -> str:
        return f"SealKey({self.root!r}, epoch={self.epoch})"

    def next(self, sealed: int) -> SealKey:
        """The key of the next epoch."""
        return SealKey(self.root, self.epoch + 1, ratchet(self.key), sealed)


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


class KeyState:
    """The current seal key in a 0400 file; the file before it is overwritten, then let go.

    Overwriting reaches the medium on an ordinary file system on a disk; a solid-state disk, a
    snapshot or a backup may keep the old block, which no program can prevent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> SealKey | None:
        """The current key, or None where the log is not sealed. Raises StateError if damaged."""
        try:
            stored = json.loads(self.path.read_bytes())
            key = bytes.fromhex(stored["key"])
            return SealKey(stored["root"], stored["epoch"], key, stored["sealed"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise StateError(
                f"The seal key {self.path} can't be read.",
                "Start a new one: `runbook auditlog seal --new`. The old seals stay valid.",
            ) from None

    def write(self, key: SealKey) -> None:
        """Put a key in the place of the last one, durably."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        old = _open_for_erasing(self.path)
        try:
            _put(self.path, key)
            if old is not None:
                _erase(old)
        finally:
            if old is not None:
                os.close(old)


def _put(path: Path, key: SealKey) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    stored = {"root": key.root, "epoch": key.epoch, "key": key.key.hex(), "sealed": key.sealed}
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
    try:
        os.write(descriptor, canonical(stored))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new or renamed name in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_for_erasing(path: Path) -> int | None:
    try:
        path.chmod(0o600)
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None


def _erase(descriptor: int) -> None:
    os.pwrite(descriptor, b"\0" * os.fstat(descriptor).st_size, 0)
    os.fsync(descriptor)
