"""Is this the log that the profile had? Its identity is kept in `state.db`, apart from the log.

A log names itself in its first record. So one that was wiped and started again, or hashed anew
under another name, is sound in itself, and no saved head belongs to it. It counts as broken until a
person accepts it by name, which the runbook's own log records with the last anchor of the old one.

A profile that an earlier version wrote names no log yet. Its log is adopted once it verifies
against its saved head, unless it began after the head of a log that is not there any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from helpers.auditlog.entries import timestamp
from helpers.auditlog.heads import head_writer, read_head
from helpers.auditlog.log import AuditLog
from helpers.auditlog.records import LogVerdict, Verification
from helpers.auditlog.seal_key_store import SealKeyStore
from helpers.auditlog.segments import entries, log_id_of
from helpers.auditlog.verification import verify
from helpers.core.errors import UsageError

__all__ = ["ACCEPTED", "accept", "verify_expected"]

ACCEPTED: Final = "log.accepted"
_WHOLE: Final = frozenset({LogVerdict.INTACT, LogVerdict.UNVERIFIED})
_NAME: Final = range(2, 101)
_CLOCKS: Final = timedelta(days=1)  # by how much two clocks may differ
_ADVICE: Final = (
    "Bring it back from a copy, and find out who removed it. If that was intended, accept the "
    'new log: `runbook auditlog accept --name "Your Name"`.'
)


def verify_expected(
    folder: Path,
    source: str,
    state: Path,
    now: datetime,
    *,
    others: Sequence[Path] = (),
    save: bool = True,
    **options: Any,
) -> Verification | None:
    """Verify a profile's log against its identity and its head; with `save` save its new head.

    `source` is the setting that names it, `others` are the profile's other logs, `options` those of
    `verify`. None if there is no log and none is expected. Raises OSError, StateError.
    """
    found = log_id_of(folder)
    expected = _expected(state, source) or _vanished(state, folder, others)
    if expected and expected != found:
        return _replaced(state, expected, found)
    if not found:
        return None
    head = read_head(state, found)
    anchors = [*options.pop("anchors", ()), *([head] if head else [])]
    if folder.parent == state:  # only our own log has its key there
        options["sealed_at"] = SealKeyStore(state / "keys" / "seal.key").position
    not_after = max(now, datetime.now(UTC)) + _CLOCKS  # the sandbox's time stands still
    verified = verify(folder, anchors=anchors, not_after=not_after, **options)
    whole = verified.verdict in _WHOLE and not verified.first_bad
    if save and whole and verified.head and (head or not expected):
        _expect(state, source, found)
        if verified.head != head:
            with head_writer(state) as write:
                write(found, verified.head, now)
    return verified


def accept(
    own: AuditLog, folder: Path, source: str, name: str, *, others: Sequence[Path] = ()
) -> str:
    """Accept the log in a folder in place of the expected one; returns the old one's id.

    Raises UsageError without a name, or if the log is the expected one.
    """
    if len(name.strip()) not in _NAME:
        raise UsageError("Accepting a log needs the name of a person.", "Give your name.")
    state, found = own.state, log_id_of(folder)
    old = _expected(state, source) or _vanished(state, folder, others)
    if not old or old == found:
        raise UsageError("This is the log that is expected.", "There is nothing to accept.")
    head = read_head(state, old)
    known = {"old_seq": head.seq, "old_hash": head.hash} if head else {}
    own.append_internal(
        ACCEPTED, {"accepted_by": name.strip(), "old_log": old, "new_log": found, **known}
    )
    _expect(state, source, found)
    return old


def _replaced(state: Path, expected: str, found: str) -> Verification:
    head = read_head(state, expected)
    reach = f", which had {head.seq + 1} records" if head else ""
    here = f"here is another one, {found}" if found else "it is gone"
    return Verification(
        verdict=LogVerdict.TAMPERED if found else LogVerdict.TRUNCATED,
        log=found,
        problem=f"The log of this profile is {expected}{reach}; {here}.",
        first_bad="the whole log",
        notes=(_ADVICE,),
    )


def _expected(state: Path, source: str) -> str:
    row = _one(state, "SELECT log FROM audit_expected WHERE source = ?", source)
    return row[0] if row else ""


def _expect(state: Path, source: str, log: str) -> None:
    if _expected(state, source) == log:
        return
    from helpers.system.state import open_state

    with closing(open_state(state)) as connection:
        connection.execute("INSERT OR REPLACE INTO audit_expected VALUES (?, ?)", (source, log))


def _vanished(state: Path, folder: Path, others: Sequence[Path]) -> str:
    """A log whose head was saved before this one began, and which is not there any more."""
    first = next(entries(folder), None)
    if first is None:
        return ""
    query = """
        SELECT log FROM audit_heads WHERE noted_at < ? AND log NOT IN (?, ?)
          AND log NOT IN (SELECT log FROM audit_expected) ORDER BY noted_at DESC
    """
    other = next((log_id_of(one) for one in others), "")
    row = _one(state, query, timestamp(first.at), log_id_of(folder), other)
    return row[0] if row else ""


def _one(state: Path, query: str, *values: str) -> Any:
    from helpers.system.state import open_state
    from helpers.system.state.database import FILE_NAME

    if not (state / FILE_NAME).is_file():
        return None
    with closing(open_state(state)) as connection:
        return connection.execute(query, values).fetchone()
