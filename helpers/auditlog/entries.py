r"""One line of the log: canonical JSON, so that a record has one encoding and one hash.

Sorted keys, no spaces, ASCII only (other characters as `\\uXXXX`), no floats, times in UTC. The
hash of a record is the SHA-256 of its raw line without the line feed; the next record carries it
as `prev`.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

__all__ = [
    "CHECKPOINT",
    "DISCREPANCY",
    "EXPIRED",
    "FAILURE",
    "FORMAT",
    "GENESIS",
    "RECOVERY",
    "SEALING",
    "SEGMENT",
    "SUCCESS",
    "ZERO",
    "Actor",
    "LogEntry",
    "LogEvent",
    "audit_line",
    "canonical",
    "digest",
    "encode",
    "local_actor",
    "parse",
    "timestamp",
]

FORMAT: Final = 1
ZERO: Final = "0" * 64
GENESIS: Final = "log.genesis"
SEGMENT: Final = "log.segment"
RECOVERY: Final = "log.recovery"
CHECKPOINT: Final = "log.checkpoint"
SEALING: Final = "log.sealing"
DISCREPANCY: Final = "log.discrepancy"
EXPIRED: Final = "log.expired"
SUCCESS: Final = "success"
FAILURE: Final = "failure"
_LARGEST: Final = 2**53 - 1  # exact in every JSON reader (RFC 8259, section 6)
_FIELDS: Final = frozenset(
    {"v", "seq", "timestamp", "action", "user", "resource", "result", "metadata", "prev"}
)

Json = Any


@dataclass(frozen=True)
class Actor:
    """Who acted: the system account, the machine, and the Intercom teammate if known."""

    os_user: str
    host: str
    intercom_admin_id: str = ""


@dataclass(frozen=True)
class LogEvent:
    """An event to record. `resource` holds `id` and `fingerprint`; metadata is flat."""

    action: str
    resource: Mapping[str, str] = field(default_factory=dict)
    result: str = SUCCESS
    metadata: Mapping[str, Json] = field(default_factory=dict)
    user: Actor | None = None  # None: the log's own actor
    at: datetime | None = None  # None: now


@dataclass(frozen=True)
class LogEntry:
    """A record read from the log. `hash` is the SHA-256 of its line."""

    seq: int
    timestamp: str
    action: str
    user: Mapping[str, str]
    resource: Mapping[str, str]
    result: str
    metadata: Mapping[str, Json]
    prev: str
    hash: str

    @property
    def at(self) -> datetime:
        """The time of the record, UTC."""
        return datetime.fromisoformat(self.timestamp)


def local_actor() -> Actor:
    """The user who runs this process, and the machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Actor(user, socket.gethostname())


def canonical(value: Json) -> bytes:
    """The canonical JSON encoding. Raises ValueError for floats and integers beyond 2^53."""
    _refuse_inexact(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def digest(line: bytes) -> str:
    """The hash that links records: SHA-256 of the raw line, hex."""
    return hashlib.sha256(line).hexdigest()


def timestamp(moment: datetime) -> str:
    """`2026-03-02T09:00:00.000000Z`: always UTC and of one length, so that text sorts by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def encode(event: LogEvent, *, seq: int, at: datetime, user: Actor, prev: str) -> bytes:
    """The line of an event at its position in the chain, without the line feed."""
    return canonical(
        {
            "v": FORMAT,
            "seq": seq,
            "timestamp": timestamp(event.at or at),
            "action": event.action,
            "user": asdict(event.user or user),
            "resource": dict(event.resource),
            "result": event.result,
            "metadata": dict(event.metadata),
            "prev": prev,
        }
    )


def audit_line(event: LogEvent) -> str:
    """`[AUDIT] {…}`, as log collectors read it from standard output."""
    fields = {"action": event.action, "resource": dict(event.resource), "result": event.result}
    return f"[AUDIT] {canonical(fields | {'metadata': dict(event.metadata)}).decode()}"


def parse(line: bytes) -> LogEntry | None:
    """The record in a line, or None if it is not one complete record."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or record.keys() != _FIELDS or not _typed(record):
        return None
    fields = {name: value for name, value in record.items() if name != "v"}
    return LogEntry(**fields, hash=digest(line))


def _typed(record: Mapping[str, Json]) -> bool:
    texts = all(isinstance(record[n], str) for n in ("timestamp", "action", "result", "prev"))
    maps = all(isinstance(record[n], dict) for n in ("user", "resource", "metadata"))
    return texts and maps and type(record["seq"]) is int and record["v"] == FORMAT


def _refuse_inexact(value: Json) -> None:
    if isinstance(value, float):
        raise ValueError("A float has no canonical encoding: use an integer in a smaller unit.")  # noqa: TRY004 (a value, not its type, is refused)
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError("JSON readers disagree on integers beyond 2^53: use text.")
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_inexact(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_inexact(item)
