"""The demo application's audit log: the records of a support automation at the demo company.

Deterministic: every run writes the same bytes, so the notebook always shows the same head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from helpers.auditlog.entries import FAILURE, SUCCESS, Actor, LogEntry, LogEvent
from helpers.auditlog.heads import head_writer
from helpers.auditlog.log import AuditLog
from helpers.auditlog.mirrors import MirrorBatch, deliver
from helpers.auditlog.sinks import IntercomEvents

__all__ = ["plant"]

_APP: Final = Actor("support-bot", "app-1")
_PERSON: Final = Actor("maya", "laptop-maya")
_LOG_ID: Final = "d3a0c0de-0000-4000-8000-000000000001"
_SATURDAY: Final = 5
_ROUTES: Final = (
    ("intercom.contact.read", "GET /contacts/{id}"),
    ("intercom.conversation.read", "GET /conversations/{id}"),
    ("intercom.contact.read", "GET /contacts/{id}"),
    ("intercom.tag.read", "GET /tags"),
    ("intercom.event.create", "POST /events"),
)


def plant(demo: Path, now: datetime) -> None:
    """Write 75 days of records into `audit`, and save their head in `state` as a run would.

    The sandbox's mirror contact already has the records up to a week ago.
    """
    from helpers.sandbox.seeds import MIRROR_CONTACT

    folder, state = demo / "audit", demo / "state"
    own = folder.with_name(f"{folder.name}-state")  # the application's keys and its own state.db
    salt = own / "keys" / "salt"
    salt.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    salt.write_bytes(sha256(b"the demo's salt").digest())
    clock = _Clock(now - timedelta(days=75))
    with AuditLog.open(folder, own, clock=clock, actor=_APP, install_id=_LOG_ID) as log:
        log.start_sealing(root_key=sha256(b"the demo's root key").digest())
        for day in range(74, 0, -1):
            start = now - timedelta(days=day)
            for event in _day(start, day) if start.weekday() < _SATURDAY else ():
                clock.now = event.at or start
                log.append_many([event])
        head = log.seal()
    with head_writer(state) as write_head:
        write_head(_LOG_ID, head, now - timedelta(days=1))
    deliver(folder, state, _BeforeThisWeek(None, MIRROR_CONTACT), lambda: now - timedelta(days=7))


class _BeforeThisWeek(IntercomEvents):
    """The mirror a week ago, when it had received every record."""

    def batches(self, entries: Iterable[LogEntry], now: datetime) -> Iterator[MirrorBatch]:
        """The records before the given time."""
        yield MirrorBatch(tuple(entry for entry in entries if entry.at < now))

    def send(self, batch: MirrorBatch, last_second: int) -> int:
        """Accept the batch without sending it."""
        del batch
        return last_second


class _Clock:
    """A clock with a settable time."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time it is set to."""
        return self.now


def _day(start: datetime, number: int) -> Iterator[LogEvent]:
    for step, (action, route) in enumerate(_ROUTES):
        failing = (number * 5 + step) % 61 == 0
        status = 429 if failing else 200
        yield LogEvent(
            action,
            {"id": route},
            FAILURE if failing else SUCCESS,
            {"http_status": status, "request_id": f"req-{number:03}-{step}"},
            at=start + timedelta(minutes=7 * step),
        )
    if number in (68, 40, 20):
        yield LogEvent(
            "secret.rotated",
            {"id": "INTERCOM_ACCESS_TOKEN"},
            metadata={"reason": "age", "credential": "access_token"},
            user=_PERSON,
            at=start + timedelta(hours=2),
        )
