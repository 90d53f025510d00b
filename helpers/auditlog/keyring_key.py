"""The seal key in the operating system's keyring. The package `keyring` is loaded when needed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from helpers.auditlog.seals import SealKey
from helpers.core.errors import ConfigurationError, StateError
from helpers.system.system_keyring import unprotected

__all__ = ["fetch", "keep", "usable_keyring"]

_SERVICE: Final = "intercom-security-runbook audit log"


def usable_keyring() -> Any:
    """The package, with a backend that the system protects. Raises ConfigurationError."""
    try:
        import keyring
    except ImportError:
        raise ConfigurationError(
            "A seal key in the keyring needs the package keyring.",
            "Install it: pip install 'intercom-security-runbook[keyring]'.",
        ) from None
    strange = unprotected(keyring.get_keyring())
    if strange:
        raise ConfigurationError(
            f"The keyring backend {strange} does not protect secrets.",
            "Start the desktop's keyring (gnome-keyring under D-Bus), or keep the key in the file.",
        )
    return keyring


def keep(key: SealKey) -> None:
    """Put a key in the place of the one before. Raises StateError where the keyring refuses."""
    told = json.dumps({"root": key.root, "epoch": key.epoch, "key": key.key.hex()})
    _asked("set_password", key.keyring, told)


def fetch(stored: SealKey) -> SealKey:
    """The key that belongs to what the file tells.

    Or that of the next epoch, where a process died between writing to the one and to the other.
    Raises StateError where the keyring refuses, or holds another key.
    """
    try:
        told = json.loads(_asked("get_password", stored.keyring) or "")
        found = replace(stored, epoch=told["epoch"], key=bytes.fromhex(told["key"]))
        if told["root"] == stored.root and found.epoch - stored.epoch in (0, 1):
            return found
    except (ValueError, KeyError, TypeError):
        pass
    raise StateError(
        "The keyring does not hold the audit log's seal key.",
        "Start a new one: `runbook auditlog seal --new --keyring`. The old seals stay valid.",
    )


def _asked(method: str, *arguments: str) -> Any:
    keyring = usable_keyring()
    try:
        return getattr(keyring, method)(_SERVICE, *arguments)
    except keyring.errors.KeyringError as error:
        raise StateError(
            f"The keyring refused the audit log's seal key ({type(error).__name__}). "
            "Nothing was recorded.",
            "Unlock the keyring, then try again.",
        ) from None
