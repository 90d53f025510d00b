"""Record the runbook's own actions in its own audit log.

    with recorded_run(state, profile, steps) as run:
        …
        note = run.finished(failed=0)  # for the report: where the log stood

A run is recorded when it starts and when it ends, however it ends. The anchor goes into the report,
so that anyone who keeps the report can check later whether the log was truncated or rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from helpers.auditlog.log import AuditLog
    from helpers.auditlog.records import Anchor
    from helpers.intercom.accounts import RefusedCall

__all__ = ["RecordedRun", "recorded_run", "recorder_of_misuse"]

STARTED: Final = "runbook.audit.started"
FINISHED: Final = "runbook.audit.finished"
MISUSE: Final = "runbook.account.misuse"


class RecordedRun:
    """A run that is recorded as started. Made by `recorded_run`."""

    def __init__(self, log: AuditLog, run: str, profile: str) -> None:
        self._log = log
        self._run = run
        self._profile = profile
        self._over = False

    def finished(self, *, failed: int) -> str:
        """Record the end, seal the log, and return the anchor as a sentence for the report.

        `failed` is the number of steps that did not finish. Raises StateError.
        """
        self._end("failure" if failed else "success", failed=failed)
        return anchor_note(self._log.seal())

    def broken_off(self, reason: str) -> None:
        """Record that it ended early, unless it has ended."""
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
        recorded.broken_off("no end was recorded")


def anchor_note(anchor: Anchor) -> str:
    """The number and hash of a log's last record, as `auditlog verify --anchor` takes them."""
    return f"The audit log's anchor at the end of this run: {anchor.seq}:{anchor.hash}"


def recorder_of_misuse(state: Path) -> Callable[[RefusedCall], None]:
    """For `reader` and `writer`: record each call that an account refused in the audit log."""
    from helpers.auditlog.log import record

    def write(misuse: RefusedCall) -> None:
        record(
            state,
            MISUSE,
            resource=misuse.account,
            result="failure",
            method=misuse.method,
            route=misuse.route,
        )

    return write
