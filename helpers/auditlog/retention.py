"""Retention: old segments are removed as a whole, and a tombstone stays.

The tombstone names the removed segments and the record after which the chain continues; the seal
after it signs it. A verifier accepts a log that begins in the middle only with a tombstone for
exactly that position.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from helpers.auditlog.entries import EXPIRED
from helpers.auditlog.log import AuditLog
from helpers.auditlog.segments import end_of, segments, tail_of
from helpers.core.errors import StateError
from helpers.system.files import sync_folder

__all__ = ["expire"]


def expire(log: AuditLog, keep_days: int, now: datetime) -> tuple[str, ...]:
    """Remove the segments whose month ended more than `keep_days` ago; returns their names.

    The tombstone is sealed and on disk before any file is removed. Raises StateError if a file
    can't be removed; the next call continues.
    """
    with log.locked():
        limit = now.date() - timedelta(days=keep_days)
        old = [s for s in segments(log.folder)[:-1] if end_of(s.stem) <= limit]
        if not old:
            return ()
        last = tail_of(old[-1])
        log.append_internal(
            EXPIRED,
            {
                "install_id": log.log_id,
                "through_seq": last.seq,
                "through_hash": last.hash,
                "segments": ",".join(s.stem for s in old),
                "sha256": ",".join(_hash(s) for s in old),
            },
        )
        _remove(old)
        sync_folder(log.folder)
        return tuple(s.stem for s in old)


def _hash(segment: Path) -> str:
    with segment.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remove(old: list[Path]) -> None:
    for segment in old:
        try:
            segment.unlink()
        except OSError as error:
            raise StateError(
                f"{segment.name} can't be removed: {error.strerror}.",
                "Give this user write access to the folder, then run it again.",
            ) from None
