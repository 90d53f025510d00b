"""The name of a secret that does not tell it. Imports nothing heavy: a commit waits for it."""

from __future__ import annotations

import hashlib

__all__ = ["fingerprint"]


def fingerprint(kind: str, value: str) -> str:
    """Name a secret without telling it: 16 hex characters of a domain-separated SHA-256.

    Unkeyed on purpose: the secrets carry 122 random bits or more, and the same secret must have
    the same fingerprint on every machine. Not for values of low entropy such as e-mail addresses.
    """
    material = b"\0".join((b"runbook/fp/v1", kind.encode(), value.encode("utf-8", "surrogatepass")))
    return hashlib.sha256(material).hexdigest()[:16]
