"""Two mirrors: events of a dedicated contact in Intercom, and a syslog server.

Intercom keeps one event per contact, name and second, and accepts ten flat metadata keys and 120
event names. So all records of one second are sent as one event under one name: a summary, with the
number and hash of the last record as an anchor. A second is sent once it is over.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlsplit

from helpers.auditlog.entries import FAILURE, LogEntry, canonical
from helpers.auditlog.mirrors import DeliveryError, MirrorBatch, RefusedError, Sink
from helpers.core.errors import CollectionError, ConfigurationError, IntercomError

__all__ = ["EVENT_NAME", "IntercomEvents", "Syslog", "event_of"]

EVENT_NAME: Final = "runbook-audit"
_REFUSALS: Final = frozenset({400, 413, 422})
_LONGEST: Final = 250  # characters of one metadata value
_NOTICE: Final = 13 * 8 + 5  # facility log audit, severity notice (RFC 5424, 6.2.1)
_WARNING: Final = 13 * 8 + 4
_SYSLOG_PORT: Final = 514


class IntercomEvents(Sink):
    """Events of one contact that is used for nothing else."""

    def __init__(self, client: Any, contact: str) -> None:
        self.name = f"intercom-events/{contact}"
        self._client = client
        self._contact = contact

    def batches(self, entries: Iterable[LogEntry], now: datetime) -> Iterator[MirrorBatch]:
        """One batch for each second that is over."""
        current = int(now.timestamp())
        for second, found in groupby(entries, key=lambda entry: int(entry.at.timestamp())):
            if second >= current:
                return
            yield MirrorBatch(tuple(found))

    def send(self, batch: MirrorBatch, last_second: int) -> int:
        """Send one second's records, under a second that was not used before."""
        second = max(int(batch.last.at.timestamp()), last_second + 1)
        try:
            self._client.create_event(event_of(batch, self._contact, second))
        except IntercomError as error:
            kind = RefusedError if error.status in _REFUSALS else DeliveryError
            raise kind(error.message) from None
        except CollectionError as error:
            raise DeliveryError(error.message) from None
        return second


def event_of(batch: MirrorBatch, contact: str, second: int) -> dict[str, Any]:
    """The event for a batch: nine flat metadata keys, including the anchor."""
    entries = batch.entries
    return {
        "event_name": EVENT_NAME,
        "created_at": second,
        "user_id": contact,
        "metadata": {
            "seq_from": entries[0].seq,
            "seq_to": batch.last.seq,
            "records": len(entries),
            "failures": sum(entry.result == FAILURE for entry in entries),
            "actions": _listed(entry.action for entry in entries),
            "actors": _listed(entry.user.get("os_user", "") for entry in entries),
            "hosts": _listed(entry.user.get("host", "") for entry in entries),
            "resources": _listed(entry.resource.get("id", "") for entry in entries),
            "hash": batch.last.hash,
        },
    }


def _listed(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, values)))[:_LONGEST]


def _usable(address: str) -> bool:
    """Whether it is a syslog address, with a port that there is."""
    try:
        parts = urlsplit(address)
        place = parts.path if parts.scheme == "unix" else parts.hostname
        return parts.scheme in ("udp", "tcp", "unix") and bool(place) and parts.port != 0
    except ValueError:
        return False


class Syslog(Sink):
    """RFC 5424 messages to `udp://host:port`, `tcp://host:port` or `unix:///dev/log`.

    UDP and unix sockets confirm nothing. Over TCP (RFC 6587, octet counting) a message counts as
    delivered once the server's machine has accepted it.
    """

    def __init__(self, address: str) -> None:
        if not _usable(address):
            raise ConfigurationError(
                f"auditlog.syslog is {address!r}, which is not a syslog address.",
                "Use udp://host:514, tcp://host:601 or unix:///dev/log.",
            )
        self._url = urlsplit(address)
        self.name = f"syslog/{address}"

    def batches(self, entries: Iterable[LogEntry], now: datetime) -> Iterator[MirrorBatch]:
        """One message per record."""
        del now
        for entry in entries:
            yield MirrorBatch((entry,))

    def send(self, batch: MirrorBatch, last_second: int) -> int:
        """Send one message."""
        message = _message(batch.last)
        try:
            with self._socket() as stream:
                if self._url.scheme == "tcp":
                    message = f"{len(message)} ".encode() + message
                stream.sendall(message)
        except OSError as error:
            raise DeliveryError(f"syslog: {error.strerror or error}") from None
        return last_second

    def _socket(self) -> socket.socket:
        if self._url.scheme == "tcp":
            place = (self._url.hostname or "", self._url.port or 601)
            return socket.create_connection(place, timeout=5)
        family = socket.AF_UNIX if self._url.scheme == "unix" else socket.AF_INET
        where = (self._url.hostname or "", self._url.port or _SYSLOG_PORT)
        stream = socket.socket(family, socket.SOCK_DGRAM)
        try:
            stream.connect(self._url.path if self._url.scheme == "unix" else where)
        except OSError:
            stream.close()
            raise
        return stream


def _message(entry: LogEntry) -> bytes:
    fields = {
        "seq": entry.seq,
        "hash": entry.hash,
        "action": entry.action,
        "user": dict(entry.user),
        "resource": dict(entry.resource),
        "result": entry.result,
        "metadata": dict(entry.metadata),
    }
    priority = _WARNING if entry.result == FAILURE else _NOTICE
    host = entry.user.get("host") or "-"
    head = f"<{priority}>1 {entry.timestamp} {host} runbook - audit - "
    return head.encode("ascii", "replace") + canonical(fields)
