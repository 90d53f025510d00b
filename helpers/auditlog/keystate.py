"""Where the current seal key lies: in a 0400 file, or in the system's keyring.

In both cases the file tells the epoch and the place of the last seal. With a keyring the key itself
is not in it: who copies the disk copies no key. A key that was replaced in a file is overwritten,
then let go; that reaches the medium on an ordinary file system on a disk, while a solid-state disk,
a snapshot or a backup may keep the old block, which no program can prevent.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from helpers.auditlog import keyring_key
from helpers.auditlog.entries import canonical
from helpers.auditlog.seals import SealKey, sync_folder
from helpers.core.errors import StateError

__all__ = ["KeyState"]


class KeyState:
    """The current seal key of one log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unlocked: SealKey | None = None  # so that a keyring is asked once an epoch

    @property
    def sealing(self) -> bool:
        """Whether there is a key, wherever it lies."""
        return self.path.exists()

    def read(self) -> SealKey | None:
        """The current key, or None where the log is not sealed.

        Raises StateError where the file is damaged or the keyring refuses.
        """
        stored = self._stored()
        return self._of_keyring(stored) if stored and stored.keyring else stored

    def write(self, key: SealKey) -> None:
        """Put a key in the place of the last one, durably. Raises StateError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if key.keyring:  # first: a keyring that is ahead of the file is understood
            keyring_key.keep(key)
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
            known = self._unlocked = keyring_key.fetch(stored)
        return replace(known, sealed=stored.sealed)


def _put(path: Path, key: SealKey) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    secret = "" if key.keyring else key.key.hex()
    stored = {"root": key.root, "epoch": key.epoch, "key": secret, "sealed": key.sealed}
    told = canonical(stored | ({"keyring": key.keyring} if key.keyring else {}))
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
    try:
        os.write(descriptor, told)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    sync_folder(path.parent)


def _open_for_erasing(path: Path) -> int | None:
    try:
        path.chmod(0o600)
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None


def _erase(descriptor: int) -> None:
    os.pwrite(descriptor, b"\0" * os.fstat(descriptor).st_size, 0)
    os.fsync(descriptor)
