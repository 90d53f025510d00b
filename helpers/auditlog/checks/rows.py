"""How the rows that answer a question are judged: alike, teammate by teammate.

Rows that stand out (an address new for the teammate, at night, …) fail. Other rows ask for a
person, unless a review has signed for their time. No row passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from helpers.auditlog.records import ActivityRow, Answer, Review, condensed
from helpers.core.model import Evidence, Outcome, Resource, failed, manual, passed

__all__ = ["ASK", "CONTROLS", "REVIEW", "judge"]

ASK: Final = "Ask the teammate, by another way than Intercom, whether it was them."
CONTROLS: Final = ("SOC 2 CC7.2", "ISO 27001 A.8.16", "NIST CSF DE.CM-03")
REVIEW: Final = "If it was expected, sign for the period with `runbook review`, or waive it."
_SHOWN: Final = 8


def judge(
    answers: tuple[Answer, ...], reviews: tuple[Review, ...], *names: str
) -> Iterator[Outcome]:
    """Judge the answers of these questions, teammate by teammate."""
    for answer in answers:
        if answer.question not in names:
            continue
        if not answer.count:
            resource = Resource(kind="question", key=answer.question, name=answer.title)
            yield passed(resource, "Nothing in the period.", *_asked(answer))
            continue
        rows = sorted(answer.rows, key=lambda row: row.actor)
        for actor, found in groupby(rows, key=lambda row: row.actor):
            yield _of_teammate(answer, actor, tuple(found), reviews)
        if answer.count > len(answer.rows):
            more = answer.count - len(answer.rows)
            resource = Resource(kind="question", key=answer.question, name=answer.title)
            yield manual(resource, f"{more} more rows than a report holds: `runbook auditlog ask`.")


def _of_teammate(
    answer: Answer, actor: str, rows: tuple[ActivityRow, ...], reviews: tuple[Review, ...]
) -> Outcome:
    name = f"{answer.title}: {actor or 'unknown'}"
    resource = Resource(kind="activity", key=f"{answer.question}/{actor}", name=name)
    flagged = [row for row in rows if row.flags]
    if flagged:
        flags = ", ".join(sorted({flag for row in flagged for flag in row.flags}))
        return failed(resource, f"{_times(flagged)} {flags}.", *_shown(flagged))
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
        for row in condensed(tuple(rows))[:_SHOWN]
    )


def _asked(answer: Answer) -> tuple[Evidence, ...]:
    told = ", ".join(f"{name} = {value}" for name, value in answer.parameters)
    return (Evidence(what=f"asked with {told}"),) if told else ()


def _reviewed(row: ActivityRow, reviews: tuple[Review, ...]) -> bool:
    return any(review.period_from <= row.at < review.period_to for review in reviews)
