"""Evidence of review: a person went through a period and signed for it, in the log itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from helpers.auditlog.entries import LogEntry, timestamp
from helpers.auditlog.log import AuditLog
from helpers.auditlog.records import (
    ActivitySummary,
    Anchor,
    AuditFacts,
    QuestionResult,
    Review,
    results_digest,
)
from helpers.auditlog.segments import entries
from helpers.core.context import Context
from helpers.core.errors import CollectionError, UsageError
from helpers.core.model import Datum, Known

__all__ = ["REVIEWED", "reviews_in", "sign", "sign_off", "signable"]

_T = TypeVar("_T")
REVIEWED: Final = "review.signed"
_NAME: Final = range(2, 101)


def sign(
    log: AuditLog,
    reviewer: str,
    summary: ActivitySummary,
    answers: Sequence[QuestionResult],
    *,
    note: str = "",
) -> Anchor:
    """Record who reviewed which period, and the digest of the results; then seal the log.

    Raises UsageError without a name, StateError if the log can't be written.
    """
    if len(reviewer.strip()) not in _NAME:
        raise UsageError("A review needs the name of a person.", "Give your name.")
    log.append(
        REVIEWED,
        reviewer=reviewer.strip(),
        period_from=timestamp(summary.start),
        period_to=timestamp(summary.end),
        rows=summary.rows,
        results_sha256=results_digest(tuple(answers)),
        note=note,
    )
    return log.seal()


def sign_off(context: Context, facts: AuditFacts, reviewer: str, *, note: str = "") -> Anchor:
    """Record in the profile's log that a person has reviewed these results.

    Raises CollectionError if there is nothing to sign, UsageError without a name, and StateError
    if the log can't be written.
    """
    summary, answers = signable(facts)
    options = {"clock": context.clock, "redactor": context.redactor}
    with AuditLog.open(context.state / "audit", context.state, **options) as log:
        return sign(log, reviewer, summary, answers, note=note)


def signable(facts: AuditFacts) -> tuple[ActivitySummary, tuple[QuestionResult, ...]]:
    """What a signature covers. Raises CollectionError if the activity log was not read whole."""
    return _whole(facts.activity), _whole(facts.answers)


def _whole(datum: Datum[_T]) -> _T:
    if isinstance(datum, Known):
        return datum.value
    raise CollectionError(f"There is nothing to sign. {datum.reason}", "Fix that first.")


def reviews_in(folder: Path) -> tuple[Review, ...]:
    """Every review in a log, oldest first. Raises OSError if it can't be read."""
    return tuple(_reviews(folder))


def _reviews(folder: Path) -> Iterator[Review]:
    for entry in entries(folder):
        if entry.action == REVIEWED:
            review = _review(entry)
            if review:
                yield review


def _review(entry: LogEntry) -> Review | None:
    fields = entry.metadata
    try:
        review = Review(
            reviewer=str(fields["reviewer"]),
            signed_at=entry.at,
            period_from=_moment(fields["period_from"]),
            period_to=_moment(fields["period_to"]),
            rows=int(fields["rows"]),
            results=str(fields["results_sha256"]),
        )
    except (KeyError, ValueError, TypeError):
        return None
    real = review.period_from < review.period_to <= review.signed_at
    return review if real else None  # nobody has seen a period that was not over


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
