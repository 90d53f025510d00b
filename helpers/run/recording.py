"""The runbook's own actions in its own audit log: what crosses from other rooms into it.

    with recorded_run(state, profile, steps) as run:
        …
        note = run.finished(failed=0)  # for the report: where the log stood

A run is on record when it starts and when it is over, however it ends. The anchor goes into the
report, so that whoever keeps a report can tell later whether the log was cut or written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from helpers.auditlog.log import AuditLog
    from helpers.auditlog.records import Anchor
    from helpers.intercom.accounts import Misuse

__all__ = ["RecordedRun", "recorded_run", "recorder_of_misuse"]

STARTED: Final = "runbook.audit.started"
FINISHED: Final = "runbook.audit.finished"
MISUSE: Final = "runbook.account.misuse"


class RecordedRun:
    """A run that is on record as started. Made by `recorded_run`."""

    def __init__(self, log: AuditLog, run: str, profile: str) -> None:
        self._log = log
        self._run = run
        self._profile = profile
        self._over = False

    def finished(self, *, failed: int) -> str:
        """Record the end, seal the log, and give the anchor as a sentence for the report.

        `failed` is the number of steps that did not come to an end. Raises StateError.
        """
        self._end("failure" if failed else "success", failed=failed)
        return anchor_note(self._log.seal())

    def broken_off(self, reason: str) -> None:
        """Record that it ended before its time, unless it is over."""
        if not self._over:
            self._end("failure", reason=reason)
            self._log.seal()

    def _end(self, result: str, *, failed: int = 0, reason: str = "") -> None:
        self._over = True
        self._log.append(
            FINISHED,
            resource=self._run,
            result=result,
            profile=self._profile,
            count=failed,
            reason=reason,
        )


@contextmanager
def recorded_run(
    state: Path, profile: str, run: str, steps: Sequence[str]
) -> Iterator[RecordedRun]:
    """Record a run in the audit log of a profile's state folder. Raises StateError."""
    from helpers.auditlog.log import AuditLog

    with AuditLog.open(state / "audit", state) as log:
        log.append(STARTED, resource=run, profile=str(profile), step=",".join(steps))
        recorded = RecordedRun(log, run, str(profile))
        try:
            yield recorded
        except BaseException as error:
            recorded.broken_off(type(error).__name__)
            raise
        recorded.broken_off("no end was told")


def anchor_note(anchor: Anchor) -> str:
    """A log's last record by number and hash, as `auditlog verify --anchor` takes it."""
    return f"The audit log's anchor at the end of this run: {anchor.seq}:{anchor.hash}"


def recorder_of_misuse(state: Path) -> Callable[[Misuse], None]:
    """For `reader` and `writer`: each call that an account refused goes into the audit log."""
    from helpers.auditlog.log import record

    def write(misuse: Misuse) -> None:
        record(
            state,
            MISUSE,
            resource=misuse.account,
            result="failure",
            method=misuse.method,
            route=misuse.route,
        )

    return write
