"""The views of the audit step: the local log, a timeline, the questions and their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeGuard, TypeVar

from markupsafe import Markup

from helpers.auditlog.records import (
    ActivityRow,
    ActivitySummary,
    AuditFacts,
    LogStatus,
    LogVerdict,
    MirrorEvidence,
    QuestionResult,
    collapse_repeats,
    results_digest,
)
from helpers.core.errors import UsageError
from helpers.core.model import Datum, Partial, Unavailable
from helpers.core.view import View, prose, stack, table

__all__ = [
    "action",
    "answers",
    "overview",
    "review",
    "rows_of",
    "takeover",
    "timeline",
    "who_did_what",
]

_T = TypeVar("_T")
_VERDICTS: Final = {
    LogVerdict.INTACT: "intact",
    LogVerdict.TAMPERED: "TAMPERED",
    LogVerdict.TRUNCATED: "TRUNCATED",
    LogVerdict.UNVERIFIED: "unbroken, but nothing outside the log confirms it",
}
_ROWS: Final = 8
_NAMED: Final = 20  # unknown types that a sentence names


def _missing(datum: Datum[object]) -> View:
    reason = datum.reason if isinstance(datum, Unavailable) else ""
    return prose(f"Not checked: {reason}")


def _partial(datum: Datum[_T]) -> TypeGuard[Partial[_T]]:
    return isinstance(datum, Partial)


def overview(facts: AuditFacts) -> View:
    """Both logs in a few lines: whether the log is on and intact, and how much happened."""
    return stack(_log(facts.log), _activity(facts))


def _log(datum: Datum[LogStatus]) -> View:
    if isinstance(datum, Unavailable):
        return _missing(datum)
    log = datum.value
    if not log.records:
        return prose(f"The local audit log ({log.source}) is empty.")
    rows = [
        ("source", log.source),
        ("records", f"{log.records}, {log.before_run} of them from before this run"),
        ("from, to", f"{log.first_at:%Y-%m-%d} to {log.last_at:%Y-%m-%d %H:%M} UTC"),
        ("failures", str(log.failures)),
        *_chain(log),
    ]
    return table(("the local audit log", ""), rows, empty="")


def _chain(log: LogStatus) -> list[tuple[str, str]]:
    found = log.verification
    if found is None:
        return [("chain", "none: plain lines, which anyone could change without a trace")]
    rows = [("chain", _VERDICTS[found.verdict])]
    if found.problem and found.first_bad:
        rows.append(("first bad record", f"{found.first_bad}: {found.problem}"))
    if found.vouched:
        rows.append(("confirmed by", ", ".join(found.vouched)))
    if found.head:
        rows.append(("head", f"{found.head.seq}:{found.head.hash[:32]}"))
    rows.extend(("note", note) for note in found.notes[:5])
    return rows


def _activity(facts: AuditFacts) -> View:
    if isinstance(facts.activity, Unavailable):
        return _missing(facts.activity)
    gaps = f" Only partly read: {facts.activity.reason}" if _partial(facts.activity) else ""
    summary = facts.activity.value
    security = sum(day.security for day in summary.days)
    return prose(
        f"Intercom's activity log, {summary.start:%Y-%m-%d} to {summary.end:%Y-%m-%d}: "
        f"{summary.rows} rows by {summary.teammates} teammates, {security} of them relevant to "
        "security." + _unknown_types(summary) + gaps
    )


def _unknown_types(summary: ActivitySummary) -> str:
    """How many rows are of types that Intercom's description does not list, and of which."""
    unknown = summary.unknown_types
    if not unknown:
        return ""
    rows = sum(one.count for one in summary.types if one.name in set(unknown))
    more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
    return f" Unknown types ({rows:,} rows): {', '.join(unknown[:_NAMED])}{more}."


def timeline(facts: AuditFacts) -> View:
    """One picture: the activity of each day, and its security events."""
    from helpers.auditlog.timeline import timeline_view

    return timeline_view(facts)


def takeover(facts: AuditFacts) -> View:
    """What looks like a taken-over account, step by step."""
    if isinstance(facts.answers, Unavailable):
        return _missing(facts.answers)
    rows = [r for a in facts.answers.value if a.question == "takeover" for r in a.rows]
    empty = "No account shows signs of a takeover in this period."
    if _partial(facts.answers):
        empty = f"No sign of a takeover in what was read. {facts.answers.reason}"
    shown = table(_COLUMNS, [_shown(row) for row in collapse_repeats(rows)], empty=empty)
    return stack(shown, *_links(rows)) if rows else shown


def _links(rows: Sequence[ActivityRow]) -> Iterator[View]:
    """Links to the rotation of each key that the account regenerated; its name is in the link."""
    touched = " ".join(row.activity for row in rows)
    for word, variable in _TOUCHED.items():
        if word in touched:
            said = f"Rotate {variable} as compromised now: 03 · Secret rotation"
            html = Markup('<p><a href="03_secret_rotation.ipynb#{}"><strong>{}</strong></a></p>')
            yield View(html.format(variable, said), said)


_TOUCHED: Final = {
    "token": "INTERCOM_ACCESS_TOKEN",
    "client_secret": "INTERCOM_CLIENT_SECRET",
    "identity": "INTERCOM_IDENTITY_SECRET",
}
_COLUMNS: Final = ("when (UTC)", "who", "from", "what", "stands out because")


def _shown(row: ActivityRow) -> tuple[str, ...]:
    what = row.detail or row.activity
    return (
        f"{row.at:%Y-%m-%d %H:%M}",
        row.actor or "–",
        row.ip or "–",
        what,
        ", ".join(row.flags) or "–",
    )


def answers(facts: AuditFacts) -> View:
    """Every question, the number of rows in its result, and how many stand out."""
    if isinstance(facts.answers, Unavailable):
        return _missing(facts.answers)
    columns = ("question", "rows", "stand out", "who")
    return table(columns, [_line(a) for a in facts.answers.value], empty="Nothing was asked.")


def rows_of(facts: AuditFacts, question: str) -> View:
    """The rows of one question's result. Raises UsageError for an unknown name."""
    if isinstance(facts.answers, Unavailable):
        return _missing(facts.answers)
    found = {answer.question: answer for answer in facts.answers.value}
    if question not in found:
        known = ", ".join(found)
        raise UsageError(f"There is no question {question!r}.", f"The questions are: {known}.")
    rows = [_shown(row) for row in found[question].rows]
    more = found[question].count - len(rows)
    shown = table(_COLUMNS, rows, empty="No rows.")
    return stack(shown, prose(f"{more} more rows.")) if more else shown


def _line(answer: QuestionResult) -> tuple[str, ...]:
    from helpers.auditlog.questions import questions

    asks = {q.name: q.asks for q in questions()}
    people = sorted({row.actor for row in answer.rows if row.actor})
    return (
        asks.get(answer.question, answer.title),
        str(answer.count),
        str(answer.flagged) if answer.flagged else "–",
        ", ".join(people[:_ROWS]) or "–",
    )


def who_did_what(facts: AuditFacts) -> View:
    """The newest records of the local log, and the number of records per action."""
    if isinstance(facts.log, Unavailable):
        return _missing(facts.log)
    log = facts.log.value
    recent = [
        (str(r.seq), f"{r.at:%Y-%m-%d %H:%M}", r.actor, r.action, r.resource or "–", r.result)
        for r in log.recent
    ]
    columns = ("record", "when (UTC)", "who", "action", "resource", "result")
    counts = [(count.name, str(count.count)) for count in log.actions]
    return stack(
        table(columns, recent, empty="There are no records."),
        table(("action", "count"), counts, empty=""),
    )


def review(facts: AuditFacts) -> View:
    """Who has signed for which period, and the digest that a signature would carry now."""
    if isinstance(facts.reviews, Unavailable):
        return _missing(facts.reviews)
    rows = [
        (
            r.reviewer,
            f"{r.signed_at:%Y-%m-%d %H:%M}",
            f"{r.period_from:%Y-%m-%d} to {r.period_to:%Y-%m-%d}",
            str(r.rows),
            r.results[:16],
        )
        for r in facts.reviews.value
    ]
    columns = ("reviewer", "signed (UTC)", "period", "rows", "digest of the answers")
    signed = table(columns, rows, empty="Nobody has signed for any period.")
    if isinstance(facts.answers, Unavailable):
        return signed
    digest = results_digest(facts.answers.value)[:16]
    return stack(signed, prose(f"The digest of the answers above begins with {digest}."))


def action(evidence: MirrorEvidence) -> View:
    """The result of the mirror action."""
    rows = [
        (m.sink, f"record {m.last}" if m.last >= 0 else "–", m.behind, m.refused, m.reason or "–")
        for m in evidence.mirrors
    ]
    columns = ("mirror", "complete up to", "records waiting", "refused", "last error")
    return table(columns, rows, empty="No mirror is configured.")
