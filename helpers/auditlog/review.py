"""Evidence of review: a person went through a period and signed for it, in the log itself.

What they saw is kept in the state folder `reviews`, in a file named by the digest that they signed.
So a review counts for the rows that it was signed for, and for none that arrived later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from helpers.auditlog.entries import LogEntry, timestamp
from helpers.auditlog.log import AuditLog
from helpers.auditlog.questions import SETTLED_MINUTES, count_rows
from helpers.auditlog.records import (
    ActivitySummary,
    Anchor,
    AuditFacts,
    QuestionResult,
    Review,
    results_digest,
    results_text,
)
from helpers.auditlog.segments import entries
from helpers.core.context import Context
from helpers.core.errors import CollectionError, UsageError
from helpers.core.model import Datum, Known
from helpers.system.files import write_private

__all__ = ["REVIEWED", "compared", "reviews_in", "sign", "sign_off", "signable"]

_T = TypeVar("_T")
REVIEWED: Final = "review.signed"
_NAME: Final = range(2, 101)
_SEEN: Final = "reviews"
_DIGEST: Final = re.compile("[0-9a-f]{64}")


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
    seen = results_digest(tuple(answers))
    write_private(log.state / _SEEN / seen, results_text(tuple(answers)))
    log.append(
        REVIEWED,
        reviewer=reviewer.strip(),
        period_from=timestamp(summary.start),
        period_to=timestamp(summary.end - timedelta(minutes=SETTLED_MINUTES)),
        rows=summary.settled_rows,
        results_sha256=seen,
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


def compared(reviews: Sequence[Review], state: Path, files: Sequence[Path]) -> tuple[Review, ...]:
    """The reviews with what is there now of the rows that they were signed for.

    Raises StateError if a file of activity is damaged.
    """
    counts = count_rows(files, [(review.period_from, review.period_to) for review in reviews])
    return tuple(
        review.model_copy(update={"rows_now": count, "seen": _seen(state, review.results)})
        for review, count in zip(reviews, counts, strict=True)
    )


def _seen(state: Path, digest: str) -> tuple[str, ...]:
    """The digests of the rows that somebody saw; none if the file is gone or altered."""
    if not _DIGEST.fullmatch(digest):
        return ()
    try:
        content = (state / _SEEN / digest).read_bytes()
    except OSError:
        return ()
    if sha256(content).hexdigest() != digest:
        return ()
    lines = content.decode().splitlines()
    return tuple(sorted({word for line in lines for word in line.split()[2:]}))


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
