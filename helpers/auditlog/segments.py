"""The files of a log: one a month, `YYYY-MM.jsonl`, append-only.

The chain continues at the tail of the newest file. A process that was killed in the middle of a
write leaves a torn line there; reading the tail separates whole records from torn bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from helpers.auditlog.entries import GENESIS, SEGMENT, ZERO, LogEntry, digest, parse

__all__ = ["Tail", "end_of", "entries", "log_id_of", "month_of", "read_tail", "segments", "tail_of"]

_SEGMENT: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])\.jsonl")
_BLOCK: Final = 64 * 1024


@dataclass(frozen=True)
class Tail:
    """The end of a log: the last whole record, and torn lines after it.

    `torn` holds the hashes of the torn lines, `torn_bytes` their total length; `open_line` means
    that the last one lacks its line feed.
    """

    month: str
    size: int
    seq: int
    hash: str
    started: bool  # whether this month's file already holds a whole record
    torn: tuple[str, ...] = ()
    torn_bytes: int = 0
    open_line: bool = False
    prev: str = ZERO  # `prev` of the last whole record


def month_of(moment: datetime) -> str:
    """The name of the segment for a time, without its suffix."""
    return moment.strftime("%Y-%m")


def end_of(month: str) -> date:
    """The first day after a month, `YYYY-MM`."""
    return (date.fromisoformat(f"{month}-01") + timedelta(days=32)).replace(day=1)


def segments(folder: Path) -> list[Path]:
    """The segments of a log, oldest first; other files are ignored."""
    try:
        return sorted(path for path in folder.iterdir() if _SEGMENT.fullmatch(path.name))
    except FileNotFoundError:
        return []


def entries(folder: Path) -> Iterator[LogEntry]:
    """Every whole record, in order. Torn lines are skipped; `verify` reports them."""
    for segment in segments(folder):
        with segment.open("rb") as stream:
            for line in stream:
                entry = parse(line.removesuffix(b"\n"))
                if entry:
                    yield entry


def log_id_of(folder: Path) -> str:
    """The install id of a log: every segment carries it in one of its first records."""
    for entry in islice(entries(folder), 3):
        found = entry.metadata.get("install_id")
        if entry.action in (GENESIS, SEGMENT) and isinstance(found, str):
            return found
    return ""


def read_tail(folder: Path) -> Tail | None:
    """The end of a log, or None if there is no log yet."""
    found = segments(folder)
    if not found:
        return None
    newest = found[-1]
    tail = tail_of(newest)
    for older in reversed(found[:-1]):
        if tail.started:
            break
        before = tail_of(older)
        tail = Tail(
            month=tail.month,
            size=tail.size,
            seq=before.seq,
            hash=before.hash,
            started=False,
            torn=tail.torn,
            torn_bytes=tail.torn_bytes,
            open_line=tail.open_line,
            prev=before.prev,
        )
        if before.started:
            break
    return tail


def tail_of(path: Path) -> Tail:
    """The end of one segment."""
    torn: list[bytes] = []
    open_line = False
    last: LogEntry | None = None
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        for line in _lines_backward(stream.fileno(), size):
            whole = line.endswith(b"\n")
            last = parse(line.removesuffix(b"\n")) if whole else None
            if last:
                break
            if line:
                open_line = open_line or not whole
                torn.insert(0, line.removesuffix(b"\n"))
    return Tail(
        month=path.stem,
        size=size,
        seq=last.seq if last else -1,
        hash=last.hash if last else ZERO,
        started=last is not None,
        torn=tuple(map(digest, torn)),
        torn_bytes=sum(map(len, torn)),
        open_line=open_line,
        prev=last.prev if last else ZERO,
    )


def _lines_backward(descriptor: int, size: int) -> Iterator[bytes]:
    """The lines of a file from last to first, each with its line feed if it has one."""
    buffer = b""
    position = size
    while position > 0:
        step = min(_BLOCK, position)
        position -= step
        buffer = os.pread(descriptor, step, position) + buffer
        lines = _lines(buffer)
        buffer = lines.pop(0) if position else b""
        yield from reversed(lines)


def _lines(block: bytes) -> list[bytes]:
    """Split after line feeds only (`splitlines` would split at carriage returns too)."""
    *whole, rest = block.split(b"\n")
    return [*(line + b"\n" for line in whole), *([rest] if rest else [])]
