"""Copies elsewhere. The log is its own queue: a mirror is a place in it, kept in `state.db`.

So nothing can get lost between log and queue, a mirror that is down blocks nobody, and delivery
goes on where it stopped, in order. What was sent but not yet noted when the process died is sent
again: at least once, and seldom more.
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

_FIRST_PAUSE: Final = 5  # seconds; doubled with each failure
_LONGEST_PAUSE: Final = 3600


class DeliveryError(Exception):
    """Not now: the mirror is down, slow or misconfigured. The text says why."""


class RefusedError(Exception):
    """Never: the mirror will not take this, whatever we do. The text says why."""


@dataclass(frozen=True)
class MirrorBatch:
    """Records that travel together, in order."""

    entries: tuple[LogEntry, ...]

    @property
    def last(self) -> LogEntry:
        """The newest of them."""
        return self.entries[-1]


class Sink(Protocol):
    """Where copies go. `last_second` is what `send` gave for the parcel before (0: none)."""

    name: str

    def batches(self, entries: Iterable[LogEntry], now: datetime) -> Iterator[MirrorBatch]:
        """Pack records."""

    def send(self, batch: MirrorBatch, last_second: int) -> int:
        """Send one. Raises DeliveryError, RefusedError."""


def deliver(folder: Path, state: Path, sink: Sink, clock: Callable[[], datetime]) -> MirrorStatus:
    """Send what is waiting, until all has arrived or the mirror fails; then say how it stands.

    Raises StateError where `state.db` can't be used. A failing mirror is no error: the next call
    tries again, after a pause that doubles from 5 seconds to an hour.
    """
    from helpers.system.state import open_state

    log = log_id_of(folder)
    with closing(open_state(state)) as connection:
        place = _MirrorPosition(connection, sink.name, log)
        if place.not_before <= timestamp(clock()):
            _send_all(folder, sink, place, clock)
        tail = read_tail(folder)
        behind = max((tail.seq if tail else -1) - place.seq, 0)
        return MirrorStatus(
            sink=sink.name,
            last=place.seq,
            behind=behind,
            refused=place.refused(),
            reason=place.reason,
        )


def _send_all(
    folder: Path, sink: Sink, place: _MirrorPosition, clock: Callable[[], datetime]
) -> None:
    for batch in sink.batches(entries_after(folder, place.seq), clock()):
        try:
            second = sink.send(batch, place.second)
        except DeliveryError as error:
            place.failed(str(error), clock())
            return
        except RefusedError as error:
            place.refuse(batch, str(error))
            continue
        place.arrived(batch.last.seq, second)


def entries_after(folder: Path, seq: int) -> Iterator[LogEntry]:
    """The records behind a number, without reading the segments before it."""
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
    """How far a mirror has come, in `state.db`."""

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
        """How many records this mirror will never take."""
        query = "SELECT count(*) FROM audit_mirror_refusals WHERE sink=? AND log=?"
        return int(self._connection.execute(query, self._key).fetchone()[0])

    def arrived(self, seq: int, second: int) -> None:
        """Note that everything up to a record is there."""
        self.seq, self._attempts, self.not_before, self.reason = seq, 0, "", ""
        self.second = max(second, self.second)
        self._write()

    def failed(self, reason: str, now: datetime) -> None:
        """Note a failure, and when to try again."""
        pause = min(_FIRST_PAUSE * 2**self._attempts, _LONGEST_PAUSE)
        self._attempts += 1
        self.not_before, self.reason = timestamp(now + timedelta(seconds=pause)), reason
        self._write()

    def refuse(self, batch: MirrorBatch, reason: str) -> None:
        """Note what will never arrive, and go on behind it."""
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
