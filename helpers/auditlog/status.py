"""The state of the local log, ours or an application's, as the checks need it.

An application may keep plain JSON lines; then records are counted by their time, and tampering
can't be detected. Records written during the run prove nothing, so older ones are counted
separately.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from helpers.auditlog.expected import verify_expected
from helpers.auditlog.records import (
    Count,
    Gap,
    LogStatus,
    RecentRecord,
    Verification,
)
from helpers.auditlog.segments import entries
from helpers.core.settings import Settings

__all__ = ["OWN_LOG", "log_folder", "other_folders", "status_of"]

OWN_LOG: Final = "the runbook's own log"
_TIMES: Final = ("timestamp", "time", "ts", "@timestamp", "created_at")
_RECENT: Final = 10
_LONGEST_LINE: Final = 1 << 20  # characters; a longer line is no record
_MOST: Final = 12
_OWN: Final = ("log.", "runbook.")
_SIGNED: Final = "review.signed"


@dataclass(frozen=True)
class _Line:
    """The parts of a record that are counted and shown."""

    seq: int
    at: datetime
    action: str
    actor: str
    resource: str
    result: str


def log_folder(settings: Settings, state: Path) -> tuple[Path, str]:
    """The folder of the local log and its source: the application's log, else the runbook's own."""
    configured = settings.text("INTERCOM_AUDIT_LOG")
    if configured:
        return Path(configured).expanduser(), "INTERCOM_AUDIT_LOG"
    return state / "audit", OWN_LOG


def other_folders(settings: Settings, state: Path) -> tuple[Path, ...]:
    """The runbook's own log where the application's is the one that is judged, else none."""
    own = state / "audit"
    return () if log_folder(settings, state)[0] == own else (own,)


def status_of(
    folder: Path, source: str, state: Path, now: datetime, others: Sequence[Path] = ()
) -> LogStatus:
    """Read and verify a log. `now` is the start of the run. Raises OSError, StateError."""
    verification = verify_expected(folder, source, state, now, others=others)
    lines = _plain(folder) if verification is None else _chained(folder)
    return _count(lines, source, now, verification)


def _count(
    lines: Iterable[_Line], source: str, now: datetime, verification: Verification | None
) -> LogStatus:
    actions: Counter[str] = Counter()
    actors: Counter[str] = Counter()
    recent: deque[_Line] = deque(maxlen=_RECENT)
    records = before = failures = 0
    first = last = None
    gap: Gap | None = None
    for line in lines:
        if last and (gap is None or (line.at - last).days > gap.days):
            gap = Gap(days=(line.at - last).days, start=last, end=line.at)
        first, last = first or line.at, line.at
        records += 1
        before += line.at < now and line.action != _SIGNED
        failures += line.result == "failure"
        actions[line.action] += 1
        actors[line.actor] += 1
        recent.append(line)
    return LogStatus(
        source=source,
        chained=verification is not None,
        records=records,
        before_run=before,
        first_at=first,
        last_at=last,
        failures=failures,
        longest_gap=gap,
        verification=verification,
        actions=_counts(actions),
        actors=_counts(actors),
        recent=tuple(_shown(line) for line in recent),
    )


def _counts(found: Counter[str]) -> tuple[Count, ...]:
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Count(name=name, count=count) for name, count in ranked[:_MOST])


def _shown(line: _Line) -> RecentRecord:
    return RecentRecord(
        seq=line.seq,
        at=line.at,
        action=line.action,
        actor=line.actor,
        resource=line.resource,
        result=line.result,
    )


def _chained(folder: Path) -> Iterator[_Line]:
    """The records of one of our logs, without those about the log and the runbook themselves.

    The runbook's own records don't show that an application logs anything.
    """
    for entry in entries(folder):
        if entry.action.startswith(_OWN):
            continue
        actor = f"{entry.user.get('os_user', '')}@{entry.user.get('host', '')}"
        resource = entry.resource.get("id", "")
        yield _Line(entry.seq, entry.at, entry.action, actor, resource, entry.result)


def _plain(folder: Path) -> Iterator[_Line]:
    """The lines of another log that have a time and an action under common names."""
    named = sorted(f for f in folder.glob("*") if f.suffix in (".jsonl", ".log", ".ndjson"))
    for file in filter(Path.is_file, named):  # opening a pipe would wait for its writer
        with file.open(encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(iter(partial(stream.readline, _LONGEST_LINE), ""), 1):
                found = _plain_line(number, line)
                if found:
                    yield found


def _plain_line(number: int, line: str) -> _Line | None:
    try:
        record = json.loads(line.removeprefix("[AUDIT]"))
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    at = next(filter(None, (_time(record.get(name)) for name in _TIMES)), None)
    if at is None:
        return None
    action = _text(record, "action", "event", "type", "message")
    actor, result = _text(record, "user", "actor", "admin"), _text(record, "result", "status")
    return _Line(number, at, action, actor, _text(record, "resource", "target"), result)


def _text(record: Mapping[str, Any], *names: str) -> str:
    return next((str(record[n])[:80] for n in names if isinstance(record.get(n), str)), "")


def _time(value: object) -> datetime | None:
    try:
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
