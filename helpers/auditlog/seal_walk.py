"""The seals of a log, as a verifier meets them one after the other.

Without a root key it still knows which epoch has to follow which, and that no more than a hundred
records stand behind one seal; with it, every seal is computed anew.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.auditlog.broken import BrokenError
from helpers.auditlog.records import Verdict
from helpers.auditlog.seals import EVERY, key_id, ratchet, seal_of

__all__ = ["SealWalk"]


class SealWalk:
    """Holds each seal against the one before, and the root keys that were given."""

    def __init__(self, root_keys: Sequence[bytes]) -> None:
        self._roots = {key_id(key): key for key in root_keys}
        self._root = ""  # the id of the root key in force
        self._key: tuple[int, bytes] | None = None  # epoch and key, where the root key is known
        self._epoch = -1
        self._since = 0  # records since the last seal that are not the log's own
        self.met = 0
        self.checked_to = -1  # seq of the last seal that was checked with a key

    @property
    def begun(self) -> bool:
        """Whether sealing has started."""
        return bool(self._root)

    def record(self, seq: int) -> None:
        """A record that is not the log's own."""
        self._since += 1
        if self._root and self._since > EVERY:
            raise BrokenError(
                Verdict.TAMPERED,
                f"More than {EVERY} records stand behind one seal: seals are missing.",
                f"record {seq}",
            )

    def start(self, root: str, seq: int) -> None:
        """The log says under which root key sealing goes on."""
        if self._roots and root not in self._roots:
            raise BrokenError(
                Verdict.TAMPERED,
                f"Sealing goes on under a root key that was not given ({root}).",
                f"record {seq}",
            )
        self._root, self._epoch, self._since = root, -1, 0
        known = self._roots.get(root)
        self._key = (0, known) if known else None

    def seal(self, metadata: Mapping[str, Any], seq: int, prev: str, *, headless: bool) -> None:
        """A seal, at its place behind `prev`; `headless` logs begin behind their first record."""
        epoch, seal = metadata.get("epoch"), str(metadata.get("seal", ""))
        if type(epoch) is not int:
            raise BrokenError(Verdict.TAMPERED, "A seal has no epoch.", f"record {seq}")
        if not self._root:
            self._adopt(epoch, seq, headless=headless)
        if self._epoch >= 0 and epoch not in (self._epoch, self._epoch + 1):
            raise BrokenError(
                Verdict.TRUNCATED if epoch > self._epoch else Verdict.TAMPERED,
                f"Seal {epoch} follows seal {self._epoch}: what was between them is gone.",
                f"record {seq}",
            )
        self._epoch, self._since = epoch, 0
        self.met += 1
        if self._key:
            self._check(self._key, epoch, seal, seq, prev)

    def end(self, *, required: bool) -> None:
        """The log is over: was there any seal, where there has to be?"""
        if (self._roots or required) and not self._root:
            raise BrokenError(
                Verdict.TAMPERED if self._roots else Verdict.UNVERIFIED,
                "There is no seal in this log.",
                "the whole log",
            )

    def _adopt(self, epoch: int, seq: int, *, headless: bool) -> None:
        """Seals of a log whose sealing record has expired: any of the root keys given may fit."""
        self._root = next(iter(self._roots), "expired")
        if not headless:
            raise BrokenError(
                Verdict.TAMPERED, "A seal without a start of sealing.", f"record {seq}"
            )
        root = self._roots.get(self._root)
        self._key = (0, root) if root else None
        self._epoch = epoch - 1

    def _check(self, known: tuple[int, bytes], epoch: int, seal: str, seq: int, prev: str) -> None:
        at, key = known
        while at < epoch:
            at, key = at + 1, ratchet(key)
        self._key = (at, key)
        if not hmac.compare_digest(seal_of(key, epoch=epoch, seq=seq, prev=prev), seal):
            raise BrokenError(
                Verdict.TAMPERED,
                f"Seal {epoch} is not right: something between it and the seal before was changed.",
                f"record {seq}, or one of the {EVERY} before it",
            )
        self.checked_to = seq
