"""Copies in other places. The log is the queue: `state.db` keeps each mirror's position in it.

So nothing can get lost between log and queue, a mirror that is down blocks nobody, and delivery
resumes in order where it stopped. A batch that was sent but not yet marked when the process died is
sent again: delivery is at least once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from helpers.auditlog.entries import LogEntry, parse, timestamp
from helpers.auditlog.records import MirrorStatus
from helpers.auditlog.segments import log_id_of, read_tail, segments

__all__ = ["DeliveryError", "MirrorBatch", "RefusedError", "Sink", "deliver", "entries_after"]

_FIRST_PAUSE: Final = 5  # seconds; doubled after each failure
_LONGEST_PAUSE: Final = 3600


class DeliveryError(Exception):
    """A temporary failure: the mirror is down, slow or misconfigured. The text says why."""


class RefusedError(Exception):
    """A permanent failure: the mirror will never accept this batch. The text says why."""


@dataclass(frozen=True)
class MirrorBatch:
    """Records that are sent together, in order."""

    entries: tuple[LogEntry, ...]

    @property
    def last(self) -> LogEntry:
        """The newest record."""
        return self.entries[-1]


class Sink(Protocol):
    """A target for copies. `last_second` is what the last `send` returned (0: none)."""

    name: str

    def batches(self, entries: Iterable[LogEntry], now: datetime) -> Iterator[MirrorBatch]:
        """Group records into batches."""

    def send(self, batch: MirrorBatch, last_second: int) -> int:
        """Send one batch. Raises DeliveryError, RefusedError."""


def deliver(folder: Path, state: Path, sink: Sink, clock: Callable[[], datetime]) -> MirrorStatus:
    """Send the waiting records until all have arrived or the mirror fails; returns its status.

    Raises StateError if `state.db` can't be used. A failing mirror raises nothing: the next call
    tries again, after a pause that doubles from 5 seconds to an hour.
    """
    from helpers.system.state import open_state

    log = log_id_of(folder)
    with closing(open_state(state)) as connection:
        position = _MirrorPosition(connection, sink.name, log)
        if position.not_before <= timestamp(clock()):
            _send_all(folder, sink, position, clock)
        tail = read_tail(folder)
        behind = max((tail.seq if tail else -1) - position.seq, 0)
        return MirrorStatus(
            sink=sink.name,
            last=position.seq,
            behind=behind,
            refused=position.refused(),
            reason=position.reason,
        )


def _send_all(
    folder: Path, sink: Sink, position: _MirrorPosition, clock: Callable[[], datetime]
) -> None:
    for batch in sink.batches(entries_after(folder, position.seq), clock()):
        try:
            second = sink.send(batch, position.second)
        except DeliveryError as error:
            position.failed(str(error), clock())
            return
        except RefusedError as error:
            position.refuse(batch, str(error))
            continue
        position.arrived(batch.last.seq, second)


def entries_after(folder: Path, seq: int) -> Iterator[LogEntry]:
    """The records after a number, without reading earlier segments."""
    found = segments(folder)
    wanted = [i for i, segment in enumerate(found) if _first_seq(segment) <= seq + 1]
    for segment in found[wanted[-1] if wanted else 0 :]:
        with segment.open("rb") as stream:
            for line in stream:
                entry = parse(line.removesuffix(b"\n"))
                if entry and entry.seq > seq:
                    yield entry


def _first_seq(segment: Path) -> int:
    with segment.open("rb") as stream:
        for line in stream:
            entry = parse(line.removesuffix(b"\n"))
            if entry:
                return entry.seq
    return 0


class _MirrorPosition:
    """The position of a mirror in the log, stored in `state.db`."""

    def __init__(self, connection: sqlite3.Connection, sink: str, log: str) -> None:
        self._connection = connection
        self._key = (sink, log)
        row = connection.execute(
            "SELECT seq, attempts, not_before, reason FROM audit_mirrors WHERE sink=? AND log=?",
            self._key,
        ).fetchone()
        known: tuple[int, int, str, str] = tuple(row) if row else (-1, 0, "", "")
        self.seq, self._attempts, self.not_before, self.reason = known
        seconds = "SELECT second FROM audit_mirror_seconds WHERE sink=? AND name=?"
        second = connection.execute(seconds, self._key).fetchone()
        self.second = second[0] if second else 0

    def refused(self) -> int:
        """How many records this mirror will never accept."""
        query = "SELECT count(*) FROM audit_mirror_refusals WHERE sink=? AND log=?"
        return int(self._connection.execute(query, self._key).fetchone()[0])

    def arrived(self, seq: int, second: int) -> None:
        """Save that the mirror has every record up to this one."""
        self.seq, self._attempts, self.not_before, self.reason = seq, 0, "", ""
        self.second = max(second, self.second)
        self._write()

    def failed(self, reason: str, now: datetime) -> None:
        """Save a failure, and when to try again."""
        pause = min(_FIRST_PAUSE * 2**self._attempts, _LONGEST_PAUSE)
        self._attempts += 1
        self.not_before, self.reason = timestamp(now + timedelta(seconds=pause)), reason
        self._write()

    def refuse(self, batch: MirrorBatch, reason: str) -> None:
        """Save which records the mirror refused, and continue after them."""
        rows = [(*self._key, entry.seq, reason) for entry in batch.entries]
        self._connection.executemany(
            "INSERT OR IGNORE INTO audit_mirror_refusals VALUES (?, ?, ?, ?)", rows
        )
        self.arrived(batch.last.seq, self.second)

    def _write(self) -> None:
        from helpers.system.state import writing

        row = (*self._key, self.seq, self._attempts, self.not_before, self.reason)
        with writing(self._connection) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO audit_mirrors VALUES (?, ?, ?, ?, ?, ?)", row
            )
            seconds = (*self._key, self.second)
            connection.execute(
                "INSERT OR REPLACE INTO audit_mirror_seconds VALUES (?, ?, ?)", seconds
            )
