"""What the audit step knows: the local log, Intercom's activity log, reviews, mirrors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from helpers.core.model import Datum, Known, Record

__all__ = [
    "ActivityRow",
    "ActivitySummary",
    "Anchor",
    "AuditFacts",
    "Count",
    "DayCount",
    "Gap",
    "LogStatus",
    "LogVerdict",
    "MirrorEvidence",
    "MirrorStatus",
    "QuestionResult",
    "RecentRecord",
    "Review",
    "Verification",
    "collapse_repeats",
    "results_digest",
    "results_text",
    "row_digest",
]


class LogVerdict(StrEnum):
    """The verdict of a verification."""

    INTACT = "intact"
    TAMPERED = "tampered"
    TRUNCATED = "truncated"
    UNVERIFIED = "unverified"  # consistent, but nothing outside the log confirms it


class Anchor(Record):
    """The number and hash of a record, kept outside the log."""

    seq: int
    hash: str


class Verification(Record):
    """The verdict on a log. `problem` says what is wrong, `first_bad` where it starts."""

    verdict: LogVerdict
    log: str = ""  # the install id
    problem: str = ""
    first_bad: str = ""
    records: int = 0
    segments: int = 0
    first_seq: int = 0
    head: Anchor | None = None
    seals: int = 0
    covered_to: int = -1  # the last record that something outside the log confirms
    vouched: tuple[str, ...] = ()  # the outside evidence it was compared with
    notes: tuple[str, ...] = ()


class Count(Record):
    """How often something occurs."""

    name: str
    count: int


class Gap(Record):
    """The longest time without a record."""

    days: int
    start: datetime
    end: datetime


class RecentRecord(Record):
    """A record to show."""

    seq: int
    at: datetime
    action: str
    actor: str
    resource: str
    result: str


class LogStatus(Record):
    """The local audit log. `chained` is False for plain JSON lines, which have no protection."""

    source: str  # the variable that names it, or "runbook" for our own
    chained: bool
    records: int
    before_run: int  # written before this run
    first_at: datetime | None
    last_at: datetime | None
    failures: int
    longest_gap: Gap | None
    verification: Verification | None
    actions: tuple[Count, ...]
    actors: tuple[Count, ...]
    recent: tuple[RecentRecord, ...]


class ActivityRow(Record):
    """A row of Intercom's activity log in a question's result. `flags` say why it stands out."""

    id: str
    at: datetime
    actor: str  # the teammate's e-mail address, or id
    ip: str
    activity: str
    detail: str
    flags: tuple[str, ...] = ()


class QuestionResult(Record):
    """The result of a question: the number of rows, the first of them, and the parameters used."""

    question: str
    title: str
    count: int
    flagged: int
    rows: tuple[ActivityRow, ...]
    parameters: tuple[tuple[str, str], ...] = ()


class DayCount(Record):
    """The activity of a day: all rows, and those that are relevant to security."""

    day: str
    total: int
    security: int


class ActivitySummary(Record):
    """Counts of the activity log over a period."""

    start: datetime
    end: datetime
    rows: int
    settled_rows: int = 0  # older than an hour at the end: later ones may still be arriving
    teammates: int
    types: tuple[Count, ...]
    unknown_types: tuple[str, ...]  # not in Intercom's API description 2.16; kept as well
    days: tuple[DayCount, ...]
    security: tuple[ActivityRow, ...]  # for the timeline


class Review(Record):
    """A signed review of a period, and what is there now of what it was signed for.

    `results` is the digest of the results that were shown, `seen` the digests of their rows; it is
    empty if what was kept of them is gone or altered. `rows_now` is None if nothing could be read.
    """

    reviewer: str
    signed_at: datetime
    period_from: datetime
    period_to: datetime
    rows: int
    results: str
    rows_now: int | None = None
    seen: tuple[str, ...] = ()


class MirrorStatus(Record):
    """How far one mirror is behind. `refused` counts the records it will never accept."""

    sink: str
    last: int = -1  # the number of the last record it has; -1 if it has none
    behind: int
    refused: int
    reason: str = ""


class MirrorEvidence(Record):
    """What the mirror action did."""

    mirrors: tuple[MirrorStatus, ...]


class AuditFacts(Record):
    """Everything the audit step collects."""

    log: Datum[LogStatus]
    activity: Datum[ActivitySummary]
    answers: Datum[tuple[QuestionResult, ...]]
    teammates: Datum[tuple[str, ...]]  # the ids of today's
    reviews: Datum[tuple[Review, ...]]
    mirror: Datum[MirrorEvidence]
    first_audit: Datum[datetime | None] = Known(None)  # None: there was none before


def collapse_repeats(rows: Sequence[ActivityRow]) -> list[ActivityRow]:
    """Replace consecutive identical rows by one row with their number."""
    kept = []
    for _, found in groupby(rows, key=lambda row: (row.actor, row.activity, row.detail)):
        first, *more = found
        times = f"{first.detail or first.activity} ({len(more) + 1} times)"
        kept.append(first.model_copy(update={"detail": times}) if more else first)
    return kept


def results_text(answers: tuple[QuestionResult, ...]) -> str:
    """What a reviewer saw: a line for each question, its count and the digests of its rows."""
    return "".join(
        " ".join([answer.question, str(answer.count), *map(row_digest, answer.rows)]) + "\n"
        for answer in answers
    )


def results_digest(answers: tuple[QuestionResult, ...]) -> str:
    """The SHA-256 of `results_text`, hex."""
    return hashlib.sha256(results_text(answers).encode()).hexdigest()


def row_digest(row: ActivityRow) -> str:
    """128 bits of SHA-256 over what a row says, hex; not over why it stands out."""
    text = row.model_dump_json(exclude={"flags"})
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
