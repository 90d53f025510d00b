"""Which keyrings keep a secret: those that the operating system protects.

Secret Service, macOS Keychain, Windows Credential Locker. Others write base64 to the disk without a
word (`keyrings.alt`), also as a part of a chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

__all__ = ["unprotected"]

_ALLOWED: Final = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)


def unprotected(backend: Any) -> str:
    """The first backend in it, or in its chain, that does not protect secrets; "" if all do."""
    backends = list(_unchained(backend)) or ["none"]
    return next((name for name in backends if not name.startswith(_ALLOWED)), "")


def _unchained(backend: Any) -> Iterator[str]:
    """The modules of the backends, those inside a chain too."""
    inner = getattr(backend, "backends", None)
    if inner is not None:
        for one in inner:
            yield from _unchained(one)
    else:
        yield type(backend).__module__
