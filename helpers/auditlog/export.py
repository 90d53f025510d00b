"""Select records from a log, and export them as JSON lines or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from helpers.auditlog.entries import LogEntry
from helpers.auditlog.segments import entries

__all__ = ["COLUMNS", "EntryFilter", "select", "to_csv", "to_json"]

COLUMNS: Final = (
    *("seq", "timestamp", "action", "result", "os_user", "host", "intercom_admin_id"),
    *("resource_id", "resource_fingerprint", "metadata", "hash"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class EntryFilter:
    """Criteria for records: empty means any, `action` and `resource` may hold `*`, times are UTC.

    `until` is exclusive.
    """

    action: str = ""
    result: str = ""
    user: str = ""
    resource: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def matches(self, entry: LogEntry) -> bool:
        """Whether a record meets every criterion."""
        return (
            (not self.action or fnmatchcase(entry.action, self.action))
            and (not self.result or entry.result == self.result)
            and (not self.user or entry.user.get("os_user") == self.user)
            and (not self.resource or fnmatchcase(entry.resource.get("id", ""), self.resource))
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


def select(folder: Path, criteria: EntryFilter) -> Iterator[LogEntry]:
    """The matching records of a log, in order."""
    return filter(criteria.matches, entries(folder))


def to_json(found: Iterable[LogEntry]) -> Iterator[str]:
    """One JSON object per line, with the hash that anchors use."""
    for entry in found:
        yield json.dumps(asdict(entry), sort_keys=True) + "\n"


def to_csv(found: Iterable[LogEntry]) -> Iterator[str]:
    """CSV (RFC 4180) with a header; an apostrophe keeps a spreadsheet from computing a cell."""
    yield _line(COLUMNS)
    for entry in found:
        yield _line(_cells(entry))


def _cells(entry: LogEntry) -> Iterator[str]:
    yield str(entry.seq)
    yield from (entry.timestamp, entry.action, entry.result)
    yield from (entry.user.get(name, "") for name in ("os_user", "host", "intercom_admin_id"))
    yield from (entry.resource.get("id", ""), entry.resource.get("fingerprint", ""))
    yield json.dumps(entry.metadata, sort_keys=True)
    yield entry.hash


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_plain(cell) for cell in cells])
    return line.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
