"""Logs to test with: a clock that is set, a fixed actor, and hands that rewrite history."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from helpers.auditlog.entries import Actor, canonical, digest
from helpers.auditlog.heads import read_head
from helpers.auditlog.log import AuditLog
from helpers.auditlog.records import Anchor, Verification
from helpers.auditlog.segments import segments
from helpers.auditlog.verification import verify

ACTOR = Actor("tester", "host-1")
ROOT = bytes(range(32))
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Bench:
    """A log in a folder, its state beside it, and copies of both."""

    base: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def folder(self) -> Path:
        return self.base / "audit"

    @property
    def state(self) -> Path:
        return self.base / "state"

    def open(self, **options: Any) -> AuditLog:
        given = {"clock": self.clock, "actor": ACTOR, "install_id": "log-1", **options}
        return AuditLog.open(self.folder, self.state, **given)

    def fill(self, count: int, *, sealed: bool = False, fields: tuple[str, ...] = ()) -> Anchor:
        with self.open(fields=fields) as log:
            if sealed and not log.sealing:
                log.start_sealing(root_key=ROOT)
            for number in range(count):
                last = log.append("demo.act", resource=f"thing/{number}", count=number)
        return last

    def head(self) -> Anchor | None:
        return read_head(self.state, "log-1")

    def lines(self) -> list[bytes]:
        return [line for s in segments(self.folder) for line in s.read_bytes().splitlines()]

    def rewrite(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """Change the lines of a log of one segment."""
        (segment,) = segments(self.folder)
        lines = change(segment.read_bytes().splitlines())
        segment.write_bytes(b"".join(line + b"\n" for line in lines))

    def backup(self) -> Path:
        """A copy of the log alone."""
        copy = self.base / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder, copy)
        return copy

    def verify(self, *, key: bool = False, noted: bool = False, **options: Any) -> Verification:
        head = self.head() if noted else None
        return verify(
            self.folder,
            root_keys=[ROOT] if key else [],
            anchors=[head] if head else [],
            **options,
        )


def rechained(lines: list[bytes], start: int) -> list[bytes]:
    """Hash everything from a place on anew, as somebody with write access would."""
    done = lines[:start]
    for line in lines[start:]:
        record = json.loads(line)
        record["prev"] = digest(done[-1]) if done else "0" * 64
        record["seq"] = len(done)
        done.append(canonical(record))
    return done


def edited(line: bytes, **changes: Any) -> bytes:
    """A record with other values."""
    return canonical(json.loads(line) | changes)
