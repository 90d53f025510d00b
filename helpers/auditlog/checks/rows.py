"""How the rows of the activity log are judged: one teammate at a time.

Rows that stand out (a new address, at night, …) fail. Other rows need a person, unless a review
covers their time. No row passes by itself. Rows from before the first audit are one item for each
question; a takeover, an account that should be gone (AUD-010, AUD-021) and what else such an
account did are never history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from helpers.auditlog.records import (
    ActivityRow,
    QuestionResult,
    Review,
    collapse_repeats,
    row_digest,
)
from helpers.core.model import (
    HISTORY,
    Evidence,
    Outcome,
    Resource,
    failed,
    history,
    manual,
    passed,
    unclear,
)

__all__ = ["ASK", "CONTROLS", "REVIEW", "judged_rows"]

ASK: Final = "Ask the teammate outside Intercom whether it was them."
CONTROLS: Final = ("SOC 2 CC7.2", "ISO 27001 A.8.16", "NIST CSF DE.CM-03")
REVIEW: Final = "If it was expected, sign for the period with `runbook review`, or waive it."
_SHOWN: Final = 8
_LIVE: Final = ("takeover", "dormant_active", "departed_active")
_GUESSED: Final = "failures_then_success"
_Explain = Callable[[Iterable[str]], str]


def _listed(reasons: Iterable[str]) -> str:
    return ", ".join(sorted(set(reasons)))


def judged_rows(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    *names: str,
    first_audit: datetime | None = None,
    explain: _Explain = _listed,
) -> Iterator[Outcome]:
    """Judge the results of these questions, one teammate at a time; a missing one is an ERROR.

    What was before the first audit is history, except of accounts that may be in wrong hands now.
    `explain` turns the reasons why rows stand out into a part of a sentence.
    """
    found = {answer.question: answer for answer in answers}
    live = _live_accounts(answers)
    for name in names:
        if name in found:
            answer = found[name]
            old: list[ActivityRow] = []
            fresh: list[ActivityRow] = []
            for row in answer.rows:
                is_old = first_audit and row.at < first_audit and row.actor not in live
                (old if is_old else fresh).append(row)
            yield from _of_question(answer, fresh, reviews, explain)
            if old and first_audit:
                yield _of_history(answer, old, reviews, first_audit)
        else:
            resource = Resource(kind="question", key=name)
            yield unclear(resource, "The activity log was not asked this question.")


def _live_accounts(answers: Iterable[QuestionResult]) -> set[str]:
    """The accounts that somebody else may be using now, whenever that began."""
    rows = [(answer.question, row) for answer in answers for row in answer.rows]
    return {row.actor for name, row in rows if name in _LIVE or (name == _GUESSED and row.flags)}


def _of_question(
    answer: QuestionResult,
    fresh: Iterable[ActivityRow],
    reviews: tuple[Review, ...],
    explain: _Explain,
) -> Iterator[Outcome]:
    resource = Resource(kind="question", key=answer.question, name=answer.title)
    if answer.count < len(answer.rows) or (answer.count and not answer.rows):
        message = f"{answer.count} rows answer this, but {len(answer.rows)} are here."
        yield unclear(resource, message)
    if not answer.count and not answer.rows:
        yield passed(resource, "Nothing in the period.", *_parameters(answer))
    rows = sorted(fresh, key=lambda row: row.actor)
    for actor, of_actor in groupby(rows, key=lambda row: row.actor):
        yield _of_teammate(answer, actor, tuple(of_actor), reviews, explain)
    if answer.count > len(answer.rows):
        more = answer.count - len(answer.rows)
        yield manual(
            resource, f"{more} more rows than a report shows: `runbook auditlog ask` lists them."
        )


def _of_history(
    answer: QuestionResult,
    rows: Sequence[ActivityRow],
    reviews: tuple[Review, ...],
    first_audit: datetime,
) -> Outcome:
    """One item for all teammates. What stands out comes first, and passes only by a review."""
    name = f"{answer.title}: {_times(rows).lower()} before the first audit"
    waiting = [row for row in rows if not _reviewed(row, reviews)]
    if not waiting:
        resource = Resource(kind=HISTORY, key=answer.question, name=name)
        return passed(resource, f"{_times(rows)}, reviewed.", *_shown(rows))
    standing_out_first = sorted(waiting, key=lambda row: (not row.flags, row.at))
    return history(answer.question, name, first_audit, *_shown(standing_out_first))


def _of_teammate(
    answer: QuestionResult,
    actor: str,
    rows: tuple[ActivityRow, ...],
    reviews: tuple[Review, ...],
    explain: _Explain,
) -> Outcome:
    name = f"{answer.title}: {actor or 'unknown'}"
    resource = Resource(kind="activity", key=f"{answer.question}/{actor}", name=name)
    flagged = [row for row in rows if row.flags]
    if flagged:
        reasons = explain(flag for row in flagged for flag in row.flags)
        return failed(resource, f"{_times(flagged)} {reasons}.", *_shown(flagged))
    waiting = [row for row in rows if not _reviewed(row, reviews)]
    if waiting:
        return manual(resource, f"{_times(waiting)}: expected?", *_shown(waiting))
    return passed(resource, f"{_times(rows)}, reviewed.", *_shown(rows))


def _times(rows: Iterable[ActivityRow]) -> str:
    count = len(tuple(rows))
    return "Once" if count == 1 else f"{count} times"


def _shown(rows: Iterable[ActivityRow]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            what=row.detail or row.activity,
            where=f"{row.at:%Y-%m-%d %H:%M} UTC, {row.ip or 'no address'}",
        )
        for row in collapse_repeats(tuple(rows))[:_SHOWN]
    )


def _parameters(answer: QuestionResult) -> tuple[Evidence, ...]:
    used = ", ".join(f"{name} = {value}" for name, value in answer.parameters)
    return (Evidence(what=f"asked with {used}"),) if used else ()


def _reviewed(row: ActivityRow, reviews: tuple[Review, ...]) -> bool:
    """Whether somebody who signed for its time saw this row, as it is now."""
    seen = row_digest(row)
    return any(
        seen in r.seen and r.period_from <= row.at < min(r.period_to, r.signed_at) for r in reviews
    )
