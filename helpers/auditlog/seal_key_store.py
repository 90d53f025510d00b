"""Where the current seal key is stored: in a 0400 file, or in the system's keyring.

In both cases the file holds the epoch and the position of the last seal. With a keyring it does
not hold the key itself, so a copy of the disk contains no key. When a key in a file is replaced,
the old one is overwritten before it is deleted. That works for an ordinary file system on a disk; a
solid-state disk, a snapshot or a backup may keep the old block, which no program can prevent.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from helpers.auditlog.entries import canonical
from helpers.auditlog.seals import SealKey
from helpers.core.errors import ConfigurationError, StateError
from helpers.system.files import make_private, replace_private
from helpers.system.system_keyring import unprotected

__all__ = ["SealKeyStore", "save_to_keyring"]


class SealKeyStore:
    """The current seal key of one log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unlocked: SealKey | None = None  # so that the keyring is read once an epoch

    @property
    def sealing(self) -> bool:
        """Whether there is a key, wherever it is stored."""
        return self.path.exists()

    @property
    def position(self) -> int:
        """The number of the last record that a seal stands at; -1 if the log is not sealed.

        Raises StateError if the file is damaged.
        """
        stored = self._stored()
        return stored.sealed if stored else -1

    def read(self) -> SealKey | None:
        """The current key, or None if the log is not sealed.

        Raises StateError if the file is damaged or the keyring refuses.
        """
        stored = self._stored()
        return self._of_keyring(stored) if stored and stored.keyring else stored

    def write(self, key: SealKey) -> None:
        """Replace the key durably. Raises StateError."""
        make_private(self.path.parent)
        if key.keyring:  # first: a reader accepts a keyring that is ahead of the file
            save_to_keyring(key)
            self._unlocked = key
        old = _open_for_erasing(self.path)
        try:
            _put(self.path, key)
            if old is not None:
                _erase(old)
        finally:
            if old is not None:
                os.close(old)

    def _stored(self) -> SealKey | None:
        try:
            stored = json.loads(self.path.read_bytes())
            key, keyring = bytes.fromhex(stored["key"]), str(stored.get("keyring", ""))
            return SealKey(stored["root"], stored["epoch"], key, stored["sealed"], keyring)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise StateError(
                f"The seal key {self.path} can't be read.",
                "Start a new one: `runbook auditlog seal --new`. The old seals stay valid.",
            ) from None

    def _of_keyring(self, stored: SealKey) -> SealKey:
        known = self._unlocked
        if known is None or (known.root, known.epoch) != (stored.root, stored.epoch):
            known = self._unlocked = _load_from_keyring(stored)
        return replace(known, sealed=stored.sealed)


def _put(path: Path, key: SealKey) -> None:
    secret = "" if key.keyring else key.key.hex()
    stored = {"root": key.root, "epoch": key.epoch, "key": secret, "sealed": key.sealed}
    content = canonical(stored | ({"keyring": key.keyring} if key.keyring else {}))
    replace_private(path, content, mode=0o400)


def _open_for_erasing(path: Path) -> int | None:
    try:
        path.chmod(0o600)
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None


def _erase(descriptor: int) -> None:
    os.pwrite(descriptor, b"\0" * os.fstat(descriptor).st_size, 0)
    os.fsync(descriptor)


_SERVICE: Final = "intercom-security-runbook audit log"


def _usable_keyring() -> Any:
    """The package `keyring`, with a backend that the system protects.

    Raises ConfigurationError if the package or such a backend is missing.
    """
    try:
        import keyring
    except ImportError:
        raise ConfigurationError(
            "Keeping the seal key in the keyring needs the package keyring.",
            "Install it: pip install 'intercom-security-runbook[keyring]'.",
        ) from None
    strange = unprotected(keyring.get_keyring())
    if strange:
        raise ConfigurationError(
            f"The keyring backend {strange} does not protect secrets.",
            "Start the desktop's keyring (gnome-keyring under D-Bus), or keep the key in the file.",
        )
    return keyring


def save_to_keyring(key: SealKey) -> None:
    """Replace the key in the keyring. Raises StateError if the keyring refuses."""
    secret = json.dumps({"root": key.root, "epoch": key.epoch, "key": key.key.hex()})
    _call_keyring("set_password", key.keyring, secret)


def _load_from_keyring(stored: SealKey) -> SealKey:
    """The key that belongs to the file's epoch.

    Or to the next epoch, if a process died between writing the keyring and the file. Raises
    StateError if the keyring refuses or holds another key.
    """
    try:
        held = json.loads(_call_keyring("get_password", stored.keyring) or "")
        found = replace(stored, epoch=held["epoch"], key=bytes.fromhex(held["key"]))
        if held["root"] == stored.root and found.epoch - stored.epoch in (0, 1):
            return found
    except (ValueError, KeyError, TypeError):
        pass
    raise StateError(
        "The keyring does not hold the audit log's seal key.",
        "Start a new one: `runbook auditlog seal --new --keyring`. The old seals stay valid.",
    )


def _call_keyring(method: str, *arguments: str) -> Any:
    keyring = _usable_keyring()
    try:
        return getattr(keyring, method)(_SERVICE, *arguments)
    except keyring.errors.KeyringError as error:
        raise StateError(
            f"The keyring refused the audit log's seal key ({type(error).__name__}). "
            "Nothing was recorded.",
            "Unlock the keyring, then try again.",
        ) from None
