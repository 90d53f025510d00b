"""The audit log, as a program writes it.

    with AuditLog.open(Path("/var/log/app/audit"), Path("/var/lib/app")) as log:
        log.append("intercom.contact.export", resource={"id": "export/17"}, rows=300)

When `append` returns, the record is on disk and chained to the previous one. `append_many` commits
up to a hundred records at a time. After `start_sealing` has returned a root key, every hundred
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
    """Append-only, chained and sealed. Safe to share between threads and between processes."""

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
        """Use `open`. Raises StateError if the folders can't be used."""
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
        self._unsealed = 0  # records that this object wrote since its last checkpoint
        self._head = HeadStore(state, self._clock)

    @classmethod
    def open(cls, folder: Path, state: Path, **options: Any) -> Self:
        """Open a log, or create it. `state` is a separate folder for the keys and `state.db`.

        `fields` are metadata names allowed in addition to `redacting.FIELDS`; `echo` is a stream
        that also receives every record, as `[AUDIT] {…}`.
        """
        log = cls(folder, state, **options)
        try:
            log._compare_with_saved_head()
        except BaseException:
            log._chain.close()
            raise
        return log

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Save the head in `state.db` and close the files."""
        try:
            if self._head.moved:
                with self._chain.locked():
                    self._save_head()
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
        """Record one action durably; returns its number and hash.

        Raises StateError if the disk refuses; then nothing was recorded.
        """
        named = {"id": resource} if isinstance(resource, str) and resource else resource or {}
        return self.append_many([LogEvent(action, dict(named), result, metadata)])

    def append_many(self, events: Iterable[LogEvent]) -> Anchor:
        """Record many events, up to a hundred per write and fsync; returns the last one's anchor.

        Raises StateError if the disk refuses; earlier commits stay recorded.
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
        """Seal from now on. Returns the root key, which is not stored: keep it elsewhere.

        With `keyring` the system's keyring holds the current key. Raises ConfigurationError if no
        keyring protects it.
        """
        root = root_key or new_root_key()
        first = SealKey(key_id(root), 0, root, -1, self.log_id if keyring else "")
        with self._chain.locked():
            with suppress(StateError):  # a lost key can't write a last seal
                self._refresh()
            if self._key:
                self._checkpoint()
            if keyring:
                save_to_keyring(first)  # before the log announces seals
            placed = self._commit([LogEvent(SEALING, metadata={"key_id": first.root})])
            self._key = replace(first, sealed=placed.seq)
            self._keys.write(self._key)
        return root

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing in the meantime."""
        with self._chain.locked():
            yield

    def append_internal(self, action: str, metadata: Mapping[str, Any]) -> Anchor:
        """Record an event of the log itself, and seal it."""
        with self._chain.locked():
            self._refresh()
            self._commit([LogEvent(action, metadata=metadata)])
            return self.seal()

    def seal(self) -> Anchor:
        """Seal the log as it is, for example at the end of a run, and save the head."""
        with self._chain.locked():
            self._refresh()
            self._checkpoint()
            self._save_head()
            return self._chain.head

    @property
    def sealing(self) -> bool:
        """Whether the log is being sealed."""
        return self._keys.sealing

    @property
    def head_error(self) -> str:
        """Why the head could not be saved in `state.db`; empty if it was."""
        return self._head.head_error

    @property
    def log_id(self) -> str:
        """The install id in the log's first record."""
        if not self._log_id:
            self._log_id = log_id_of(self.folder)
        return self._log_id

    def _due(self) -> int:
        """Records since the last checkpoint."""
        return self._chain.head.seq - self._key.sealed if self._key else self._unsealed

    def _refresh(self) -> None:
        """Read the key again: another process may have advanced it."""
        self._key = self._keys.read()

    def _commit(self, batch: Sequence[LogEvent]) -> Anchor:
        done = self._chain.commit(batch)
        self._unsealed += len(batch)
        self._head.moved = True
        if self._echo:
            for event in batch:
                print(audit_line(event), file=self._echo, flush=True)
        return done

    def _checkpoint(self) -> None:
        """Seal (append and fsync, then advance the key), and save the head from time to time."""
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
        self._unsealed = 0
        if self._head.due:
            self._save_head()

    def _save_head(self) -> None:
        self._head.save(self.log_id, self._chain.head)

    def _compare_with_saved_head(self) -> None:
        """If the log ends before its saved head, record that in the log and continue from there."""
        with self._chain.locked():
            cut = self._head.cut(self.log_id, self._chain.head)
            if cut:
                self._chain.commit([LogEvent(DISCREPANCY, metadata=cut)])
                self._head.save(self.log_id, self._chain.head, back=True)


def record(
    state: Path, action: str, /, *, redactor: Redactor | None = None, **fields: Any
) -> Anchor:
    """Record one action of the runbook itself in a profile's log, `state/audit`."""
    with AuditLog.open(state / "audit", state, redactor=redactor) as log:
        return log.append(action, **fields)


def _utc_now() -> datetime:
    return datetime.now(UTC)
