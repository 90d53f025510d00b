"""Names for secrets that reveal nothing: the same secret always has the same name.

A random secret gets 16 hex characters of a domain-separated SHA-256, without a key, so that it has
the same name on every machine. A value that could be guessed could also be found by hashing
guesses. Its name is made with a key of this installation, and begins with `k-` to say so.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
import secrets
import string
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["KEYED", "fingerprint", "is_guessable"]

KEYED: Final = "k-"  # begins the name of a guessable value; compare it on this machine only
_ENOUGH: Final = 80  # bits; nobody hashes so many guesses
_FEW: Final = 5  # different characters: a repeated one, a keyboard row
_CLASSES: Final = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_CHOSEN: Final = ("passw", "passphrase", "pwd", "basic", "login", "credential", "uri", "url", "dsn")
_FILE: Final = "fingerprint.key"


def fingerprint(kind: str, value: str) -> str:
    """Name a secret without revealing it.

    16 hex characters, or `k-` and 16 hex characters for a guessable value.
    """
    material = b"\0".join((b"runbook/fp/v1", kind.encode(), value.encode("utf-8", "surrogatepass")))
    if is_guessable(value, kind):
        return KEYED + hmac.new(_key(), material, hashlib.sha256).hexdigest()[:16]
    return hashlib.sha256(material).hexdigest()[:16]


def is_guessable(value: str, kind: str = "") -> bool:
    """Return True if a person chose the value, or it has less than 80 bits of entropy.

    The bits are what the length and the classes of characters allow at most.
    """
    if any(word in kind for word in _CHOSEN) or len(set(value)) <= _FEW:
        return True
    hexadecimal = not set(value.lower()) - set("0123456789abcdef-")
    used = sum(len(each) for each in _CLASSES if set(each) & set(value))
    size = 16 if hexadecimal else used + (not value.isalnum()) * 10
    return len(value) * math.log2(max(size, 2)) < _ENOUGH


@cache
def _key() -> bytes:
    """The installation's key, made at first use; without a state folder, one for this process."""
    from helpers.core.settings import Profile, state_home  # settings names secrets, too

    path = state_home(Profile.SANDBOX).parent / _FILE
    try:
        return _read(path) or _made(path)
    except OSError:
        return secrets.token_bytes(32)


def _read(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(64)


def _made(path: Path) -> bytes:
    for folder in reversed(path.parents):  # `parents=True` would make those above by the umask
        folder.mkdir(mode=0o700, exist_ok=True)
    temporary = path.with_name(f".{_FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    try:
        os.link(temporary, path)  # whoever comes first makes the key
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return _read(path)
