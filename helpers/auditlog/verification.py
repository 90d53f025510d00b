"""Is the log as it was written? One pass over its lines, compared with what is kept outside it.

The chain reveals records that were edited, deleted, inserted or moved, unless the attacker rehashed
everything after them. The seals reveal that too, given the root key; an anchor or the saved head
reveals a chain that was rebuilt or cut. Without any of these the verdict is "unverified", never
"intact": a log that vouches for itself proves nothing (CVE-2023-31438, CVE-2023-31439).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from helpers.auditlog.entries import (
    CHECKPOINT,
    DISCREPANCY,
    EXPIRED,
    GENESIS,
    RECOVERY,
    SEALING,
    SEGMENT,
    ZERO,
    timestamp,
)
from helpers.auditlog.records import Anchor, LogVerdict, Verification
from helpers.auditlog.seals import EVERY, key_id, ratchet, seal_of
from helpers.auditlog.segments import segments
from helpers.core.errors import UsageError

__all__ = ["EXIT_STATUS", "parse_anchor", "verify"]

EXIT_STATUS: Final = {
    LogVerdict.INTACT: 0,
    LogVerdict.UNVERIFIED: 3,
    LogVerdict.TRUNCATED: 13,
    LogVerdict.TAMPERED: 14,
}


def verify(
    folder: Path,
    *,
    root_keys: Sequence[bytes] = (),
    anchors: Sequence[Anchor] = (),
    require_seals: bool = False,
    sealed_at: int = -1,
    not_after: datetime | None = None,
) -> Verification:
    """Verify a log or a copy of one. Writes nothing.

    `sealed_at` is the record at which the seal key says that a seal stands; -1 for none. The newest
    record may not be dated later than `not_after`.
    Raises OSError if a file can't be read. A damaged log raises nothing: the verdict says so.
    """
    verifier = _LogVerifier(root_keys, anchors, require_seals=require_seals, sealed_at=sealed_at)
    latest = timestamp(not_after) if not_after else ""
    found = segments(folder)
    try:
        for segment in found:
            with segment.open("rb") as stream:
                verifier.segment(segment.stem, stream)
        verifier.end(latest)
    except BrokenLogError as error:
        return verifier.result(len(found), error)
    return verifier.result(len(found), None)


def parse_anchor(text: str) -> Anchor:
    """Parse an anchor as reports show it, `seq:hash`. Raises UsageError for any other text."""
    seq, _, found = text.partition(":")
    hexadecimal = all(c in "0123456789abcdef" for c in found)
    if not seq.isdecimal() or not hexadecimal or len(found) not in range(16, 65):
        raise UsageError(
            f"{text!r} is not an anchor.",
            "An anchor is seq:hash, with 16 to 64 characters of hash.",
        )
    return Anchor(seq=int(seq), hash=found)


_CLOCK_ADVICE: Final = (
    "Correct this machine's clock. If it was wrong when that was written, the next record shows it."
)
_INTERNAL: Final = "log."
_NAMES_TORN: Final = frozenset({GENESIS, RECOVERY})


class _LogVerifier:
    """Checks a log record by record; raises BrokenLogError at the first bad record."""

    def __init__(
        self,
        root_keys: Sequence[bytes],
        anchors: Sequence[Anchor],
        *,
        require_seals: bool,
        sealed_at: int,
    ) -> None:
        self._sealed_at = sealed_at
        self._last_seal = -1
        self._seals = _SealVerifier(root_keys)
        self._anchors = {anchor.seq: anchor for anchor in anchors}
        self._require_seals = require_seals
        self._month = ""
        self._seq = -1
        self._hash = ZERO
        self._before = ZERO  # the hash before the last one
        self._torn: list[str] = []
        self._torn_at = ""
        self._first: int | None = None
        self._start: tuple[int, str] | None = None  # where a log without its genesis record begins
        self._at = self._last_at = ""
        self._log = ""
        self._records = 0
        self._confirmed: list[Anchor] = []
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
                self._note_torn(hashed, number)
                continue
            if not begun:
                begun = self._begins(record, number)
            if record["prev"] != self._hash or record["seq"] != self._seq + 1:
                self._broken_link(record, number)
            if self._torn or record["action"] in _NAMES_TORN:
                self._check_torn(record)
            self._before, self._seq, self._hash = self._hash, record["seq"], hashed
            self._take(record)

    def end(self, latest: str) -> None:
        """Check at the end of the log that nothing is missing, and that it is not from later."""
        for anchor in sorted(self._anchors.values(), key=lambda a: a.seq):
            if anchor.seq > self._seq:
                raise BrokenLogError(
                    LogVerdict.TRUNCATED,
                    f"The log ends at record {self._seq}, but it had a record {anchor.seq}.",
                    f"record {self._seq + 1}",
                )
        if self._start and not self._covered_start():
            raise BrokenLogError(
                LogVerdict.TRUNCATED,
                f"The log begins at record {self._first}, and no tombstone explains it.",
                f"record {self._first}",
            )
        if self._torn:
            self._notes.append(
                "The last line is torn, as a killed writer leaves it. The next writer records it."
            )
        if self._last_seal < self._sealed_at:
            raise BrokenLogError(
                LogVerdict.TAMPERED,
                f"The seal key stands at record {self._sealed_at}, where the log has no seal.",
                f"record {self._sealed_at}, or one before it",
            )
        self._seals.end(required=self._require_seals)
        if latest and self._at > latest:
            self._notes.append(_CLOCK_ADVICE)
            raise BrokenLogError(
                LogVerdict.UNVERIFIED,
                f"The newest record is dated in the future ({self._at[:19]}).",
                f"record {self._seq}",
            )

    def result(self, segments: int, error: BrokenLogError | None) -> Verification:
        """The verdict."""
        vouched = tuple(self._vouched())
        verdict = LogVerdict.INTACT if vouched else LogVerdict.UNVERIFIED
        problem = "" if vouched else "Nothing outside the log confirms it."
        if self._seq < 0 and not error:
            verdict, problem = LogVerdict.UNVERIFIED, "The log is empty."
        if self._require_seals and self._seals.checked_to < 0 and not error:
            verdict, problem = LogVerdict.UNVERIFIED, "No seal could be checked."
        return Verification(
            verdict=error.verdict if error else verdict,
            log=self._log,
            problem=error.problem if error else problem,
            first_bad=error.where if error else "",
            records=self._records,
            segments=segments,
            first_seq=self._first or 0,
            head=Anchor(seq=self._seq, hash=self._hash) if self._seq >= 0 else None,
            seals=self._seals.count,
            covered_to=max([self._seals.checked_to, *(anchor.seq for anchor in self._confirmed)]),
            vouched=vouched,
            notes=tuple(self._notes),
        )

    def _vouched(self) -> Iterable[str]:
        if self._seals.checked_to >= 0:
            yield f"{self._seals.count} seals, checked up to record {self._seals.checked_to}"
        if self._confirmed:
            yield f"an anchor at record {max(a.seq for a in self._confirmed)}"

    def _begins(self, record: Mapping[str, Any], number: int) -> bool:
        """Check the first record of a segment: genesis, a segment head, or a recovery before it."""
        action = record["action"]
        if self._first is None:
            self._first = record["seq"]
            self._log = str(record["metadata"].get("install_id", ""))
            if action != GENESIS or record["seq"] != 0:
                # earlier segments are gone: a tombstone must cover them
                self._start = (record["seq"] - 1, record["prev"])
                self._seq, self._hash = self._start
        if action not in (GENESIS, SEGMENT, RECOVERY):
            raise self._tampered("a segment does not begin with its head record", record, number)
        if action == SEGMENT and record["metadata"].get("segment") != self._month:
            raise self._tampered("the segment was renamed to another month", record, number)
        return bool(action != RECOVERY)

    def _note_torn(self, hashed: str, number: int) -> None:
        if not self._torn:
            self._torn_at = f"{self._month}.jsonl, line {number}"
        self._torn.append(hashed)

    def _check_torn(self, record: Mapping[str, Any]) -> None:
        """Accept torn lines if the record after them names each one by its hash."""
        named = str(record["metadata"].get("torn", ""))
        if record["action"] in _NAMES_TORN and named == ",".join(self._torn):
            if named:
                self._notes.append(
                    f"A torn line ({self._torn_at}) was recovered by record {record['seq']}."
                )
            self._torn = []
            return
        if self._torn:
            raise BrokenLogError(
                LogVerdict.TAMPERED,
                "A line is not a record, and no recovery names it.",
                self._torn_at,
            )
        raise BrokenLogError(
            LogVerdict.TAMPERED,
            "A recovery names torn lines that do not exist.",
            f"record {record['seq']}",
        )

    def _broken_link(self, record: Mapping[str, Any], number: int) -> None:
        if self._torn:
            raise BrokenLogError(
                LogVerdict.TAMPERED, "A line was damaged after it was written.", self._torn_at
            )
        seq = record["seq"]
        if seq > self._seq + 1:
            problem = f"records {self._seq + 1} to {seq - 1} are missing"
        elif seq <= self._seq:
            problem = f"record {seq} is where record {self._seq + 1} should be"
        else:
            problem = (
                f"record {seq} does not follow from the one before it; one of them was changed"
            )
        raise self._tampered(problem, record, number)

    def _tampered(self, problem: str, record: Mapping[str, Any], number: int) -> BrokenLogError:
        where = f"record {record['seq']} ({self._month}.jsonl, line {number})"
        return BrokenLogError(LogVerdict.TAMPERED, problem[0].upper() + problem[1:] + ".", where)

    def _take(self, record: Mapping[str, Any]) -> None:
        """Count a record in the right position, and compare it with what is known of it."""
        self._records += 1
        anchor = self._anchors.get(self._seq)
        if anchor:
            self._meet(anchor)
        self._at = at = record["timestamp"]
        if at < self._last_at:
            self._notes.append(f"The clock went back at record {self._seq}.")
        self._last_at = max(at, self._last_at)
        action = record["action"]
        if action.startswith(_INTERNAL):
            self._internal(action, record["metadata"])
        else:
            self._seals.record(self._seq)

    def _meet(self, anchor: Anchor) -> None:
        if not self._hash.startswith(anchor.hash):
            raise BrokenLogError(
                LogVerdict.TAMPERED,
                f"Record {anchor.seq} differs from the anchor.",
                f"record {anchor.seq} or one before it",
            )
        self._confirmed.append(anchor)

    def _internal(self, action: str, metadata: Mapping[str, Any]) -> None:
        if action in (CHECKPOINT, SEALING):
            self._last_seal = self._seq
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
            raise BrokenLogError(
                LogVerdict.TRUNCATED,
                f"The writer found the log cut: it knew record {metadata.get('expected_seq')}, "
                f"but the last record was {metadata.get('found_seq')}.",
                f"record {int(metadata.get('found_seq') or 0) + 1}",
            )

    def _covered_start(self) -> bool:
        tombstone = self._tombstone
        if tombstone is None or (self._seals.begun and self._tombstone_pending):
            return False
        return self._start == (tombstone.get("through_seq"), tombstone.get("through_hash"))


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


class _SealVerifier:
    """Checks each seal against the previous one and the given root keys.

    Without a root key it still knows which epoch must follow which, and that at most a hundred
    records share one seal; with the root key it recomputes every seal.
    """

    def __init__(self, root_keys: Sequence[bytes]) -> None:
        self._roots = {key_id(key): key for key in root_keys}
        self._root = ""  # the id of the root key in force
        self._key: tuple[int, bytes] | None = None  # epoch and key, where the root key is known
        self._epoch = -1
        self._since = 0  # records since the last seal, without those about the log itself
        self.count = 0
        self.checked_to = -1  # seq of the last seal that was checked with a key

    @property
    def begun(self) -> bool:
        """Whether sealing has started."""
        return bool(self._root)

    def record(self, seq: int) -> None:
        """Count a record that is not about the log itself."""
        self._since += 1
        if self._root and self._since > EVERY:
            raise BrokenLogError(
                LogVerdict.TAMPERED,
                f"More than {EVERY} records without a seal: seals are missing.",
                f"record {seq}",
            )

    def start(self, root: str, seq: int) -> None:
        """Switch to the root key that the log names."""
        if self._roots and root not in self._roots:
            raise BrokenLogError(
                LogVerdict.TAMPERED,
                f"The log continues under a root key that was not given ({root}).",
                f"record {seq}",
            )
        self._root, self._epoch, self._since = root, -1, 0
        known = self._roots.get(root)
        self._key = (0, known) if known else None

    def seal(self, metadata: Mapping[str, Any], seq: int, prev: str, *, headless: bool) -> None:
        """Check a seal after the record `prev`; a `headless` log has lost its first records."""
        epoch, seal = metadata.get("epoch"), str(metadata.get("seal", ""))
        if type(epoch) is not int:
            raise BrokenLogError(LogVerdict.TAMPERED, "A seal has no epoch.", f"record {seq}")
        if not self._root:
            self._adopt(epoch, seq, headless=headless)
        if self._epoch >= 0 and epoch not in (self._epoch, self._epoch + 1):
            raise BrokenLogError(
                LogVerdict.TRUNCATED if epoch > self._epoch else LogVerdict.TAMPERED,
                f"Seal {epoch} follows seal {self._epoch}: the records between them are gone.",
                f"record {seq}",
            )
        self._epoch, self._since = epoch, 0
        self.count += 1
        if self._key:
            self._check(self._key, epoch, seal, seq, prev)

    def end(self, *, required: bool) -> None:
        """Check at the end of the log that it has seals, if it must have any."""
        if (self._roots or required) and not self._root:
            raise BrokenLogError(
                LogVerdict.TAMPERED if self._roots else LogVerdict.UNVERIFIED,
                "This log has no seal.",
                "the whole log",
            )

    def _adopt(self, epoch: int, seq: int, *, headless: bool) -> None:
        """Start at a seal whose sealing record has expired: any of the given root keys may fit."""
        self._root = next(iter(self._roots), "expired")
        if not headless:
            raise BrokenLogError(
                LogVerdict.TAMPERED, "A seal appears before sealing was started.", f"record {seq}"
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
            raise BrokenLogError(
                LogVerdict.TAMPERED,
                f"Seal {epoch} is wrong: a record between it and the previous seal was changed.",
                f"record {seq}, or one of the {EVERY} before it",
            )
        self.checked_to = seq


class BrokenLogError(Exception):
    """The log is not what was written. `where` names the first bad record."""

    def __init__(self, verdict: LogVerdict, problem: str, where: str) -> None:
        super().__init__(problem)
        self.verdict = verdict
        self.problem = problem
        self.where = where
