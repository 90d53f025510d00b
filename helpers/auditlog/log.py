"""The audit log, as a program holds it.

    with AuditLog.open(Path("/var/log/app/audit"), Path("/var/lib/app")) as log:
        log.append("intercom.contact.export", resource={"id": "export/17"}, rows=300)

A record is on the disk, chained to the one before, when `append` returns. `append_many` commits up
to a hundred at a time, for bulk. Once `start_sealing` has given out a root key, every hundred
records are sealed (see `seals`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self, TextIO

from helpers.auditlog.chain import Chain
from helpers.auditlog.entries import (
    CHECKPOINT,
    DISCREPANCY,
    SEALING,
    SUCCESS,
    Actor,
    LogEvent,
    audit_line,
    local_actor,
)
from helpers.auditlog.heads import HeadStore
from helpers.auditlog.records import Anchor
from helpers.auditlog.redacting import EventRedactor, read_salt
from helpers.auditlog.seal_key_store import SealKeyStore, save_to_keyring
from helpers.auditlog.seals import EVERY, SealKey, key_id, new_root_key, seal_of
from helpers.auditlog.segments import log_id_of
from helpers.core.errors import StateError
from helpers.core.redaction import Redactor

__all__ = ["AuditLog", "record"]

_KEYS: Final = "keys"


class AuditLog:
    """Append-only, chained, sealed. Safe to share between threads, and between processes."""

    def __init__(
        self,
        folder: Path,
        state: Path,
        *,
        clock: Callable[[], datetime] | None = None,
        actor: Actor | None = None,
        fields: Collection[str] = (),
        redactor: Redactor | None = None,
        echo: TextIO | None = None,
        install_id: str = "",
    ) -> None:
        """Use `open`. Raises StateError where the folders can't be used."""
        self.folder = folder
        self.state = state
        self._clock = clock or _utc_now
        self._echo = echo
        self._keys = SealKeyStore(state / _KEYS / "seal.key")
        self._cleaner = EventRedactor(
            redactor or Redactor(), read_salt(state / _KEYS / "salt"), fields
        )
        self._actor = actor or local_actor()
        self._chain = Chain(
            folder,
            clock=self._clock,
            actor=self._actor,
            install_id=install_id or str(uuid.uuid4()),
        )
        self._chain.before_rotation = self._checkpoint
        self._key: SealKey | None = None
        self._log_id = ""
        self._since = 0  # records of this object since its last checkpoint
        self._head = HeadStore(state, self._clock)

    @classmethod
    def open(cls, folder: Path, state: Path, **options: Any) -> Self:
        """Open a log, or begin one. `state` is a folder apart from it: keys, and `state.db`.

        `fields` are names of metadata beyond those of `redacting.FIELDS`; `echo` is a stream to
        which every record goes as `[AUDIT] {…}` too.
        """
        log = cls(folder, state, **options)
        try:
            log._compare_with_noted_head()
        except BaseException:
            log._chain.close()
            raise
        return log

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Note the head in `state.db` and let go."""
        try:
            if self._head.moved:
                with self._chain.locked():
                    self._note_head()
        finally:
            self._chain.close()

    def append(
        self,
        action: str,
        *,
        resource: Mapping[str, str] | str = "",
        result: str = SUCCESS,
        **metadata: Any,
    ) -> Anchor:
        """Record one action, durably; the answer is its number and hash.

        Raises StateError where the disk refuses: then it was not accepted.
        """
        named = {"id": resource} if isinstance(resource, str) and resource else resource or {}
        return self.append_many([LogEvent(action, dict(named), result, metadata)])

    def append_many(self, events: Iterable[LogEvent]) -> Anchor:
        """Record many, up to a hundred with one write and one fsync; the answer is the last one.

        Where the disk refuses, those of the commits before it stay recorded.
        """
        waiting = iter([self._cleaner.event(event) for event in events])
        with self._chain.locked():
            self._refresh()
            if self._due() >= EVERY:  # a writer was killed between the last record and its seal
                self._checkpoint()
            last = self._chain.head
            while batch := list(islice(waiting, max(EVERY - self._due(), 1))):
                last = self._commit(batch)
                if self._due() >= EVERY:
                    self._checkpoint()
        return last

    def start_sealing(self, *, root_key: bytes | None = None, keyring: bool = False) -> bytes:
        """Seal from here on. The answer is the root key: keep it elsewhere, it is not stored.

        With `keyring` the current key lies in the system's keyring. Raises ConfigurationError where
        there is none that protects it.
        """
        root = root_key or new_root_key()
        first = SealKey(key_id(root), 0, root, -1, self.log_id if keyring else "")
        with self._chain.locked():
            with suppress(StateError):  # a key that is lost can't seal once more
                self._refresh()
            if self._key:
                self._checkpoint()
            if keyring:
                save_to_keyring(first)  # before the log promises seals
            placed = self._commit([LogEvent(SEALING, metadata={"key_id": first.root})])
            self._key = replace(first, sealed=placed.seq)
            self._keys.write(self._key)
        return root

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let no other process write meanwhile."""
        with self._chain.locked():
            yield

    def tell(self, action: str, metadata: Mapping[str, Any]) -> Anchor:
        """Record something about the log itself, and seal it."""
        with self._chain.locked():
            self._refresh()
            self._commit([LogEvent(action, metadata=metadata)])
            return self.seal()

    def seal(self) -> Anchor:
        """Seal what is there, as at the end of a run, and note the head."""
        with self._chain.locked():
            self._refresh()
            self._checkpoint()
            self._note_head()
            return self._chain.head

    @property
    def sealing(self) -> bool:
        """Whether the log is being sealed."""
        return self._keys.sealing

    @property
    def head_error(self) -> str:
        """Why the head could not be kept in `state.db`; empty where it was."""
        return self._head.head_error

    @property
    def log_id(self) -> str:
        """The install id in the log's first record."""
        if not self._log_id:
            self._log_id = log_id_of(self.folder)
        return self._log_id

    def _due(self) -> int:
        """Records since the last checkpoint."""
        return self._chain.head.seq - self._key.sealed if self._key else self._since

    def _refresh(self) -> None:
        """Read the key again: another process may have moved it on."""
        self._key = self._keys.read()

    def _commit(self, batch: Sequence[LogEvent]) -> Anchor:
        done = self._chain.commit(batch)
        self._since += len(batch)
        self._head.moved = True
        if self._echo:
            for event in batch:
                print(audit_line(event), file=self._echo, flush=True)
        return done

    def _checkpoint(self) -> None:
        """Seal (append and fsync first, then move the key on), and note the head now and then."""
        head = self._chain.head
        if self._key is None:
            self._refresh()
        key = self._key
        if key and head.seq > key.sealed:
            seal = seal_of(key.key, epoch=key.epoch, seq=head.seq + 1, prev=head.hash)
            event = LogEvent(CHECKPOINT, metadata={"epoch": key.epoch, "seal": seal})
            placed = self._chain.commit([event])
            self._key = key.next(placed.seq)
            self._keys.write(self._key)
        self._since = 0
        if self._head.due:
            self._note_head()

    def _note_head(self) -> None:
        self._head.note(self.log_id, self._chain.head)

    def _compare_with_noted_head(self) -> None:
        """Say in the log itself where it ends before what was known of it, and go on from there."""
        with self._chain.locked():
            cut = self._head.cut(self.log_id, self._chain.head)
            if cut:
                self._chain.commit([LogEvent(DISCREPANCY, metadata=cut)])
                self._head.note(self.log_id, self._chain.head, back=True)


def record(state: Path, action: str, /, *, redactor: Redactor | None = None, **told: Any) -> Anchor:
    """Record one action of the runbook itself in a profile's own log, `state/audit`."""
    with AuditLog.open(state / "audit", state, redactor=redactor) as log:
        return log.append(action, **told)


def _utc_now() -> datetime:
    return datetime.now(UTC)
