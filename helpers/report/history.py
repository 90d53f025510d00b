"""How findings change from run to run: new, unchanged, fixed, regressed.

A run is compared with the last one of the same repository and the same steps (`HistoryLine`); the
state is that of one workspace. Every finding is kept by its fingerprint and updated with each run.
A failure counts as fixed only if its check ran again with data: a check that could not look, a
missing step and a step that was not requested change nothing. Nor does a check whose verdicts were
too many to list: the rest may hold what is not seen.

What an earlier version recorded names no repository. A line without a run of its own goes on from
there: a failure that is found again keeps its age. One about code that is not found counts as fixed
only in its own line, because it may be another repository's.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from helpers.core.judge import REST, identity, rest_of
from helpers.core.model import Baseline, Finding, PastRun, Report, Status
from helpers.core.steps import CODE_STEPS
from helpers.report.summary import coverage
from helpers.system.state import writing

__all__ = [
    "FindingHistory",
    "HistoryLine",
    "PriorFindings",
    "RunSummary",
    "compare",
    "findings_after",
    "prior_findings",
    "record",
    "runs",
]

_MOST_PAST: Final = 11  # earlier runs in the trend
_BLIND: Final = (Status.ERROR, Status.MANUAL)
_STILL: Final = (Status.FAIL, *_BLIND)  # verdicts after which a failure still stands
_STANDINS: Final = ("datum", "check")  # resources of a finding whose check could not look


@dataclass(frozen=True)
class HistoryLine:
    """The runs that are compared with each other: the repository's key, and the steps in order."""

    repository: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class FindingHistory:
    """One finding over time: its last verdict, and its failure if it ever failed."""

    check: str
    status: Status
    since: datetime | None = None  # set while it fails
    failure: Finding | None = None

    @property
    def failing(self) -> bool:
        """True where the last check that looked found a failure."""
        return self.since is not None


@dataclass(frozen=True)
class PriorFindings:
    """The findings of earlier runs; `compared_with` is the time of the last run, if any.

    The `unplaced` are from before a repository was recorded, by fingerprint.
    """

    compared_with: datetime | None = None
    findings: Mapping[str, FindingHistory] = field(default_factory=lambda: MappingProxyType({}))
    unplaced: frozenset[str] = frozenset()
    past: tuple[PastRun, ...] = ()


@dataclass(frozen=True)
class RunSummary:
    """A recorded run."""

    name: str
    generated_at: datetime
    summary: str


def compare(report: Report, before: PriorFindings) -> Report:
    """The report with the baseline of each finding, and with what has been fixed since."""
    if before.compared_with is None:
        return report
    marked = tuple(_marked(finding, report, before.findings) for finding in report.findings)
    gone = sorted(_cleared(report, before), key=lambda f: (f.check, f.resource.key))
    return report.model_copy(
        update={
            "findings": marked,
            "fixed": tuple(gone),
            "compared_with": before.compared_with,
            "past": before.past,
        }
    )


def findings_after(report: Report, before: PriorFindings | None = None) -> PriorFindings:
    """The findings known after this report, added to those `before` (default: none)."""
    known = dict(before.findings) if before else {}
    for finding in _cleared(report, before) if before else ():
        memory = known[finding.fingerprint]
        known[finding.fingerprint] = replace(memory, status=Status.PASS, since=None)
    for finding in report.findings:
        known[finding.fingerprint] = _remembered(finding, report, known.get(finding.fingerprint))
    return PriorFindings(report.generated_at, known)


def prior_findings(connection: sqlite3.Connection, line: HistoryLine) -> PriorFindings:
    """The findings of the recorded runs of this line."""
    number = _number(connection, line)
    last = connection.execute("SELECT max(generated_at) FROM runs WHERE line = ?", (number,))
    when = last.fetchone()[0]
    if when is None:
        return _of_earlier_versions(connection)
    query = "SELECT fingerprint, check_id, status, since, body FROM line_findings WHERE line = ?"
    rows = connection.execute(query, (number,))
    known = {row["fingerprint"]: _memory(row) for row in rows}
    return PriorFindings(_time(when), known, past=_past(connection, number))


def _past(connection: sqlite3.Connection, number: int | None) -> tuple[PastRun, ...]:
    query = (
        "SELECT generated_at, failures FROM runs WHERE line = ? AND failures IS NOT NULL"
        " ORDER BY generated_at DESC, id DESC LIMIT ?"
    )
    rows = connection.execute(query, (number, _MOST_PAST)).fetchall()
    return tuple(
        PastRun.model_validate({"at": row["generated_at"], "failures": json.loads(row["failures"])})
        for row in reversed(rows)
    )


def _of_earlier_versions(connection: sqlite3.Connection) -> PriorFindings:
    query = "SELECT max(generated_at) FROM runs WHERE line IS NULL"
    last = connection.execute(query).fetchone()[0]
    rows = connection.execute("SELECT fingerprint, check_id, status, since, body FROM findings")
    known = {row["fingerprint"]: _memory(row) for row in rows}
    return PriorFindings(_time(last), known, unplaced=frozenset(known))


def record(connection: sqlite3.Connection, name: str, report: Report, line: HistoryLine) -> None:
    """Record a run under its folder's name; a name that is recorded already changes nothing."""
    with writing(connection):
        if connection.execute("SELECT 1 FROM runs WHERE name = ?", (name,)).fetchone():
            return
        before = prior_findings(connection, line)
        after = findings_after(report, before).findings
        values = (line.repository, ",".join(line.steps))
        connection.execute(
            "INSERT OR IGNORE INTO history_lines (repository, steps) VALUES (?, ?)", values
        )
        number = _number(connection, line)
        connection.execute(
            "INSERT INTO runs (name, generated_at, tool_version, summary, line, failures)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                name,
                _text(report.generated_at),
                report.tool_version,
                coverage(report).headline,
                number,
                json.dumps(report.failures()),
            ),
        )
        known = {} if before.unplaced else before.findings
        seen = {finding.fingerprint for finding in report.findings}
        changed = {
            name: memory
            for name, memory in after.items()
            if known.get(name) != memory and (name in seen or not _elsewhere(name, memory, before))
        }
        connection.executemany(
            "INSERT OR REPLACE INTO line_findings"
            " (line, fingerprint, check_id, status, since, body) VALUES (?, ?, ?, ?, ?, ?)",
            ((number, *row) for row in _rows(changed)),
        )


def _number(connection: sqlite3.Connection, line: HistoryLine) -> int | None:
    query = "SELECT id FROM history_lines WHERE repository = ? AND steps = ?"
    row = connection.execute(query, (line.repository, ",".join(line.steps))).fetchone()
    return row["id"] if row else None


def runs(connection: sqlite3.Connection) -> tuple[RunSummary, ...]:
    """The recorded runs, the latest first."""
    rows = connection.execute(
        "SELECT name, generated_at, summary FROM runs ORDER BY generated_at DESC, id DESC"
    )
    return tuple(
        RunSummary(r["name"], datetime.fromisoformat(r["generated_at"]), r["summary"]) for r in rows
    )


def _marked(finding: Finding, report: Report, known: Mapping[str, FindingHistory]) -> Finding:
    memory = known.get(finding.fingerprint)
    since = _since(finding, report, memory)
    unseen = memory is None and _was_in_rest(finding, known)
    baseline = None if unseen else _baseline(finding, memory)
    return finding.model_copy(update={"baseline": baseline, "since": since})


def _was_in_rest(finding: Finding, known: Mapping[str, FindingHistory]) -> bool:
    """Whether an earlier run may have counted it without listing it."""
    return any(identity(finding.check, rest_of(status)) in known for status in Status)


def _baseline(finding: Finding, memory: FindingHistory | None) -> Baseline:
    if finding.status is Status.FAIL and memory and memory.failure:
        return Baseline.UNCHANGED if memory.failing else Baseline.REGRESSED
    if finding.status not in _STILL and memory and memory.failing:
        return Baseline.FIXED
    same = memory is not None and memory.status is finding.status
    return Baseline.UNCHANGED if same else Baseline.NEW


def _since(finding: Finding, report: Report, memory: FindingHistory | None) -> datetime | None:
    if finding.status is not Status.FAIL:
        return None
    return (memory.since if memory else None) or finding.since or report.generated_at


def _remembered(finding: Finding, report: Report, memory: FindingHistory | None) -> FindingHistory:
    failure = memory.failure if memory else None
    if finding.status is Status.FAIL:
        since = _since(finding, report, memory)
        bare = finding.model_copy(update={"baseline": None, "since": since})
        return FindingHistory(finding.check, finding.status, since, bare)
    kept = memory.since if memory and finding.status in _BLIND else None
    return FindingHistory(finding.check, finding.status, kept, failure)


def _cleared(report: Report, before: PriorFindings) -> Iterator[Finding]:
    """The failures known before that this run looked for and did not find."""
    now = {finding.fingerprint: finding for finding in report.findings}
    looked = _checks_that_looked(report.findings)
    for name, memory in before.findings.items():
        if not memory.failing or memory.failure is None:
            continue
        if name not in now and _elsewhere(name, memory, before):
            continue
        finding = now.get(name)
        gone = memory.check in looked if finding is None else finding.status not in _STILL
        if gone:
            yield memory.failure


def _elsewhere(name: str, memory: FindingHistory, before: PriorFindings) -> bool:
    """Whether a failure may be another repository's, which this run did not look at."""
    about_code = memory.failure is not None and memory.failure.step in CODE_STEPS
    return name in before.unplaced and about_code


def _checks_that_looked(findings: Iterable[Finding]) -> set[str]:
    found = list(findings)
    blind = {f.check for f in found if f.status in _BLIND and f.resource.kind in _STANDINS}
    blind |= {f.check for f in found if f.resource.kind == REST}
    return {f.check for f in found} - blind


def _memory(row: sqlite3.Row) -> FindingHistory:
    failure = Finding.model_validate_json(row["body"]) if row["body"] else None
    return FindingHistory(row["check_id"], Status(row["status"]), _time(row["since"]), failure)


def _rows(known: Mapping[str, FindingHistory]) -> Iterator[tuple[str, str, str, str | None, str]]:
    for name, memory in known.items():
        since = _text(memory.since) if memory.since else None
        body = memory.failure.model_dump_json() if memory.failure else ""
        yield name, memory.check, memory.status, since, body


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(moment: datetime) -> str:
    return moment.isoformat()
