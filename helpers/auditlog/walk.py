"""The pass of a verifier over a log's lines, and what it holds against them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from helpers.auditlog.broken import BrokenError
from helpers.auditlog.entries import (
    CHECKPOINT,
    DISCREPANCY,
    EXPIRED,
    GENESIS,
    RECOVERY,
    SEALING,
    SEGMENT,
    ZERO,
)
from helpers.auditlog.records import Anchor, Verdict, Verification
from helpers.auditlog.seal_walk import SealWalk

__all__ = ["Walk"]

_OWN: Final = "log."
_NAMES_TORN: Final = frozenset({GENESIS, RECOVERY})


class Walk:
    """Goes through a log record by record; raises BrokenError at the first that is wrong."""

    def __init__(
        self, root_keys: Sequence[bytes], anchors: Sequence[Anchor], *, require_seals: bool
    ) -> None:
        self._seals = SealWalk(root_keys)
        self._anchors = {anchor.seq: anchor for anchor in anchors}
        self._require_seals = require_seals
        self._month = ""
        self._seq = -1
        self._hash = ZERO
        self._before = ZERO  # the hash before the last one
        self._torn: list[str] = []
        self._torn_at = ""
        self._first: int | None = None
        self._start: tuple[int, str] | None = None  # where a log without its genesis begins
        self._last_at = ""
        self._log = ""
        self._records = 0
        self._met: list[Anchor] = []
        self._notes: list[str] = []
        self._tombstone: Mapping[str, Any] | None = None
        self._tombstone_pending = False

    def segment(self, month: str, lines: Iterable[bytes]) -> None:
        """Read one segment."""
        self._month = month
        begun = False
        for number, raw in enumerate(lines, 1):
            line = raw[:-1] if raw.endswith(b"\n") else raw
            hashed = sha256(line).hexdigest()
            record = _record(line) if raw.endswith(b"\n") else None
            if record is None:
                self._torn_line(hashed, number)
                continue
            if not begun:
                begun = self._begins(record, number)
            if record["prev"] != self._hash or record["seq"] != self._seq + 1:
                self._broken_link(record, number)
            if self._torn or record["action"] in _NAMES_TORN:
                self._check_torn(record)
            self._before, self._seq, self._hash = self._hash, record["seq"], hashed
            self._take(record)

    def end(self) -> None:
        """The log is over: is anything missing that should be there?"""
        for anchor in sorted(self._anchors.values(), key=lambda a: a.seq):
            if anchor.seq > self._seq:
                raise BrokenError(
                    Verdict.TRUNCATED,
                    f"The log ends at record {self._seq}, but record {anchor.seq} was there.",
                    f"record {self._seq + 1}",
                )
        if self._start and not self._covered_start():
            raise BrokenError(
                Verdict.TRUNCATED,
                f"The log begins at record {self._first}, and no tombstone says why.",
                f"record {self._first}",
            )
        if self._torn:
            self._notes.append(
                "The last line is torn, as a killed writer leaves it; the next one will say so."
            )
        self._seals.end(required=self._require_seals)

    def result(self, segments: int, broken: BrokenError | None) -> Verification:
        """The verdict."""
        vouched = tuple(self._vouched())
        verdict = Verdict.INTACT if vouched else Verdict.UNVERIFIED
        problem = "" if vouched else "Nothing outside the log vouches for it."
        if self._seq < 0 and not broken:
            verdict, problem = Verdict.UNVERIFIED, "There is no record."
        if self._require_seals and self._seals.checked_to < 0 and not broken:
            verdict, problem = Verdict.UNVERIFIED, "No seal could be checked."
        return Verification(
            verdict=broken.verdict if broken else verdict,
            log=self._log,
            problem=broken.problem if broken else problem,
            first_bad=broken.where if broken else "",
            records=self._records,
            segments=segments,
            first_seq=self._first or 0,
            head=Anchor(seq=self._seq, hash=self._hash) if self._seq >= 0 else None,
            seals=self._seals.met,
            covered_to=max([self._seals.checked_to, *(anchor.seq for anchor in self._met)]),
            vouched=vouched,
            notes=tuple(self._notes),
        )

    def _vouched(self) -> Iterable[str]:
        if self._seals.checked_to >= 0:
            yield f"{self._seals.met} seals, checked up to record {self._seals.checked_to}"
        if self._met:
            yield f"an anchor at record {max(a.seq for a in self._met)}"

    def _begins(self, record: Mapping[str, Any], number: int) -> bool:
        """The first record of a segment: genesis, a segment's head, or a recovery before it."""
        action = record["action"]
        if self._first is None:
            self._first = record["seq"]
            self._log = str(record["metadata"].get("install_id", ""))
            if action != GENESIS or record["seq"] != 0:
                # the segments before are gone: a tombstone has to say so
                self._start = (record["seq"] - 1, record["prev"])
                self._seq, self._hash = self._start
        if action not in (GENESIS, SEGMENT, RECOVERY):
            raise self._tampered("a segment begins in the middle of the chain", record, number)
        if action == SEGMENT and record["metadata"].get("segment") != self._month:
            raise self._tampered("the segment was put under another month's name", record, number)
        return bool(action != RECOVERY)

    def _torn_line(self, hashed: str, number: int) -> None:
        if not self._torn:
            self._torn_at = f"{self._month}.jsonl, line {number}"
        self._torn.append(hashed)

    def _check_torn(self, record: Mapping[str, Any]) -> None:
        """Torn lines are fine where the record behind them names each by its hash."""
        told = str(record["metadata"].get("torn", ""))
        if record["action"] in _NAMES_TORN and told == ",".join(self._torn):
            if told:
                self._notes.append(
                    f"A torn line ({self._torn_at}) was recovered by record {record['seq']}."
                )
            self._torn = []
            return
        if self._torn:
            raise BrokenError(
                Verdict.TAMPERED, "A line is no record, and no recovery names it.", self._torn_at
            )
        raise BrokenError(
            Verdict.TAMPERED,
            "A recovery names torn lines that are not there.",
            f"record {record['seq']}",
        )

    def _broken_link(self, record: Mapping[str, Any], number: int) -> None:
        if self._torn:
            raise BrokenError(
                Verdict.TAMPERED, "A line was damaged after it was written.", self._torn_at
            )
        seq = record["seq"]
        if seq > self._seq + 1:
            problem = f"records {self._seq + 1} to {seq - 1} are missing"
        elif seq <= self._seq:
            problem = f"record {seq} stands where {self._seq + 1} belongs"
        else:
            problem = (
                f"record {seq} does not follow from the one before it; one of them was changed"
            )
        raise self._tampered(problem, record, number)

    def _tampered(self, problem: str, record: Mapping[str, Any], number: int) -> BrokenError:
        where = f"record {record['seq']} ({self._month}.jsonl, line {number})"
        return BrokenError(Verdict.TAMPERED, problem[0].upper() + problem[1:] + ".", where)

    def _take(self, record: Mapping[str, Any]) -> None:
        """Count a record that is in its place, and hold what is known of it against it."""
        self._records += 1
        anchor = self._anchors.get(self._seq)
        if anchor:
            self._meet(anchor)
        at = record["timestamp"]
        if at < self._last_at:
            self._notes.append(f"The clock went back at record {self._seq}.")
        self._last_at = max(at, self._last_at)
        action = record["action"]
        if action.startswith(_OWN):
            self._own(action, record["metadata"])
        else:
            self._seals.record(self._seq)

    def _meet(self, anchor: Anchor) -> None:
        if not self._hash.startswith(anchor.hash):
            raise BrokenError(
                Verdict.TAMPERED,
                f"Record {anchor.seq} is not the one that was there.",
                f"record {anchor.seq} or one before it",
            )
        self._met.append(anchor)

    def _own(self, action: str, metadata: Mapping[str, Any]) -> None:
        if action == CHECKPOINT:
            headless = self._start is not None
            self._seals.seal(metadata, self._seq, self._before, headless=headless)
            self._tombstone_pending = False
        elif action == SEALING:
            self._seals.start(str(metadata.get("key_id", "")), self._seq)
        elif action == EXPIRED:
            self._tombstone, self._tombstone_pending = metadata, True
            self._log = self._log or str(metadata.get("install_id", ""))
        elif action == DISCREPANCY:
            raise BrokenError(
                Verdict.TRUNCATED,
                f"The writer found the log cut: it had known record {metadata.get('expected_seq')}"
                f", and found {metadata.get('found_seq')} to be the last.",
                f"record {int(metadata.get('found_seq') or 0) + 1}",
            )

    def _covered_start(self) -> bool:
        told = self._tombstone
        if told is None or (self._seals.begun and self._tombstone_pending):
            return False
        return self._start == (told.get("through_seq"), told.get("through_hash"))


def _record(line: bytes) -> Mapping[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    try:
        typed = (
            type(record["seq"]) is int
            and isinstance(record["prev"], str)
            and isinstance(record["action"], str)
            and isinstance(record["timestamp"], str)
            and isinstance(record["metadata"], dict)
        )
    except KeyError:
        return None
    return record if typed else None
