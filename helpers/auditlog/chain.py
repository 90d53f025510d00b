"""Writing the chain: one writer at a time, one write per commit, durable before it is acknowledged.

Any number of processes may open a chain. Each commit takes the folder's lock, checks whether the
tail is still the one it knows, and appends to it. Nothing is ever cut or rewritten: half-written
bytes of a killed writer stay in the file, and a `log.recovery` record names them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from helpers.auditlog.entries import (
    GENESIS,
    RECOVERY,
    SEGMENT,
    ZERO,
    Actor,
    LogEvent,
    digest,
    encode,
)
from helpers.auditlog.records import Anchor
from helpers.auditlog.segments import Tail, log_id_of, month_of, read_tail
from helpers.core.errors import StateError
from helpers.system.files import sync_folder
from helpers.system.lock import acquire, open_lock_file, release

__all__ = ["Chain"]

_LOCK: Final = ".lock"
_WRITABLE: Final = 0o200


class Chain:
    """The log's files, open for writing. Safe to share between threads."""

    def __init__(
        self, folder: Path, *, clock: Callable[[], datetime], actor: Actor, install_id: str
    ) -> None:
        self.folder = folder
        self.before_rotation: Callable[[], None] = lambda: None
        self._clock = clock
        self._actor = actor
        self._install_id = install_id
        self._mutex = threading.RLock()
        self._depth = 0
        self._poisoned = False
        self._tail: Tail | None = None
        self._segment: int | None = None
        with _storage_errors(folder):
            self._lock = open_lock_file(folder / _LOCK)

    def close(self) -> None:
        """Close the files."""
        self._close_segment()
        os.close(self._lock)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the log for writing, recovered and rotated to the current month. Reentrant."""
        with self._mutex:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._acquire()
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    release(self._lock)

    @property
    def head(self) -> Anchor:
        """The last record. Only while locked."""
        return Anchor(seq=self._known.seq, hash=self._known.hash)

    def commit(self, events: Sequence[LogEvent]) -> Anchor:
        """Append the events with one write and one fsync. Only while locked.

        Raises StateError if the disk refuses; then none of them is acknowledged.
        """
        tail = self._known
        now = self._clock()
        lines = []
        seq, prev = tail.seq, tail.hash
        for event in events:
            seq += 1
            lines.append(encode(event, seq=seq, at=now, user=self._actor, prev=prev))
            prev = digest(lines[-1])
        self._append(b"".join(line + b"\n" for line in lines))
        self._tail = replace(self._known, seq=seq, hash=prev, started=True)
        return Anchor(seq=seq, hash=prev)

    @property
    def _known(self) -> Tail:
        if self._tail is None:
            raise StateError("The audit log is not locked.", "This is a defect of its caller.")
        return self._tail

    def _acquire(self) -> None:
        if self._poisoned:
            raise StateError(
                "The disk failed while the audit log was written; its content is uncertain.",
                "Check the disk, then open the log again: it is read from disk.",
            )
        with _storage_errors(self.folder):
            acquire(self._lock)
            if not self._unchanged():
                self._read()
            self._rotate_if_due()

    def _unchanged(self) -> bool:
        if self._tail is None or self._segment is None:
            return False
        found = os.fstat(self._segment)
        writable = found.st_mode & _WRITABLE and found.st_nlink
        return bool(writable) and found.st_size == self._tail.size

    def _read(self) -> None:
        self._close_segment()
        tail = read_tail(self.folder)
        month = tail.month if tail else month_of(self._clock())
        self._open(month)
        self._tail = tail or Tail(month, 0, -1, ZERO, started=False)
        torn = self._repair_torn(self._tail)
        if self._known.seq < 0:
            install = {"install_id": self._install_id, "schema": 1}
            self.commit([LogEvent(GENESIS, metadata=install | torn)])
            return
        if torn:
            self.commit([LogEvent(RECOVERY, metadata=torn)])
        if not self._known.started or (torn and tail and not tail.started):
            self._start_segment(month, self.head)

    def _repair_torn(self, tail: Tail) -> dict[str, Any]:
        """Metadata that names what a killed writer left; {} if nothing is torn.

        A record that lacks only its line feed is completed with one.
        """
        if not tail.torn:
            return {}
        if tail.open_line:
            self._append(b"\n")
            again = read_tail(self.folder)
            if again and not again.torn and (again.seq, again.prev) == (tail.seq + 1, tail.hash):
                self._tail = again
                return {"completed": again.seq, "torn": "", "torn_bytes": 0}
        self._tail = replace(self._known, torn=(), torn_bytes=0, open_line=False)
        return {"torn": ",".join(tail.torn), "torn_bytes": tail.torn_bytes}

    def _rotate_if_due(self) -> None:
        month = month_of(self._clock())
        tail = self._known
        if month <= tail.month:  # also if the clock went back: never return to an older segment
            return
        self.before_rotation()
        tail = self._known
        old = self.folder / f"{tail.month}.jsonl"
        self._close_segment()
        old.chmod(0o400)
        self._open(month)
        self._tail = Tail(month, self._size(), tail.seq, tail.hash, started=False)
        self._start_segment(month, self.head)

    def _start_segment(self, month: str, head: Anchor) -> None:
        """Start a segment with a record that carries the head of the previous one."""
        carried: dict[str, Any] = {"segment": month, "head_seq": head.seq, "head_hash": head.hash}
        carried["install_id"] = log_id_of(self.folder)
        self.commit([LogEvent(SEGMENT, metadata=carried)])

    def _append(self, data: bytes) -> None:
        assert self._segment is not None  # noqa: S101 (the caller holds the lock)
        with _storage_errors(self.folder):
            try:
                written = os.write(self._segment, data)
            except OSError:
                self._tail = None
                raise
            if written != len(data):
                self._tail = None
                raise OSError(28, "No space left on device")
            try:
                os.fsync(self._segment)
            except OSError:
                self._poisoned = True  # the kernel may have dropped what it could not write
                raise
        if self._tail:
            self._tail = replace(self._tail, size=self._tail.size + len(data))

    def _open(self, month: str) -> None:
        path = self.folder / f"{month}.jsonl"
        fresh = not path.exists()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._segment = os.open(path, flags, 0o600)
        if fresh:
            sync_folder(self.folder)

    def _size(self) -> int:
        return os.fstat(self._segment).st_size if self._segment is not None else 0

    def _close_segment(self) -> None:
        if self._segment is not None:
            os.close(self._segment)
        self._segment = self._tail = None


@contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    """Turn an OSError into a StateError that says what to do."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StateError(
            f"The audit log {folder} can't be written: {reason}. The record was not accepted.",
            "Free some space or give this user write access; earlier records are safe.",
        ) from None
