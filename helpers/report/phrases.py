"""The sentences that several writers share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from helpers.core.model import (
    Baseline,
    CodeState,
    Finding,
    HashedFile,
    Report,
    Severity,
    Status,
    Subject,
)
from helpers.report.incident import incident_of
from helpers.report.summary import CoverageSummary, coverage

__all__ = [
    "MARKS",
    "change_sentence",
    "coverage_sentence",
    "headline",
    "quiet_sentence",
    "subject_facts",
    "subject_line",
    "verdict_sentence",
]

MARKS: Final[Mapping[Status, str]] = {
    Status.PASS: "✓",
    Status.FAIL: "✗",
    Status.MANUAL: "☞",
    Status.NOT_APPLICABLE: "–",
    Status.ERROR: "!",
}


def headline(report: Report) -> str:
    """The answer, such as "38 of 66 checks fail; one account looks taken over."."""
    found, incident = coverage(report), incident_of(report)
    judged, failing = found.judged, found.failing
    accounts = len(incident.accounts) if incident else 0
    if not judged:
        return "No check could be judged."
    if not failing:
        said = f"No check fails of {judged} that were judged"
    else:
        said = f"{failing} of {judged} checks {'fails' if failing == 1 else 'fail'}"
    if accounts:
        several = "one account looks" if accounts == 1 else f"{accounts} accounts look"
        said += f"; {several} taken over"
    return f"{said}."


def coverage_sentence(found: CoverageSummary) -> str:
    """What the headline leaves out: how much was judged, and how much was not."""
    needs = "needs" if found.need_a_person == 1 else "need"
    applies = "does" if found.not_applicable == 1 else "do"
    return (
        f"{found.total} checks: {found.judged} judged, {found.need_a_person} {needs} a person, "
        f"{found.could_not_look} could not be checked, "
        f"{found.not_applicable} {applies} not apply."
    )


def verdict_sentence(report: Report) -> str:
    """The outcome: `1 critical and 2 high findings fail; 3 checks could not …`."""
    numbers = {severity: number for severity, number in report.failures().items() if number}
    total = sum(numbers.values())
    if not total:
        waived = sum(f.status is Status.FAIL for f in report.findings)
        known = f" {waived} {_findings(waived)} {'is' if waived == 1 else 'are'} waived."
        return f"No finding fails.{known if waived else ''}"
    said = _list([f"{number} {severity}" for severity, number in numbers.items()])
    verb = "fails" if total == 1 else "fail"
    return f"{said} {_findings(total)} {verb}. {_urgency(max(numbers, key=_rank))}"


def change_sentence(report: Report) -> str:
    """What changed since the previous run: new, regressed, unchanged, fixed."""
    if report.compared_with is None:
        return "There is no earlier run to compare with."
    failing = [f for f in report.findings if f.status is Status.FAIL]
    said = [
        f"{_count(failing, Baseline.NEW)} new",
        f"{_count(failing, Baseline.REGRESSED)} regressed",
        f"{_count(failing, Baseline.UNCHANGED)} unchanged",
        f"{len(report.fixed)} fixed",
    ]
    return f"Since the previous run: {', '.join(said)}."


def quiet_sentence(findings: Iterable[Finding]) -> str:
    """`9 passing, 2 not applicable`."""
    statuses = [finding.status for finding in findings]
    passing, absent = statuses.count(Status.PASS), statuses.count(Status.NOT_APPLICABLE)
    said = [f"{passing} passing"] if passing else []
    return ", ".join([*said, f"{absent} not applicable"] if absent else said)


def _urgency(worst: Severity) -> str:
    return {
        Severity.CRITICAL: "Start today.",
        Severity.HIGH: "Start this week.",
        Severity.MEDIUM: "Schedule a fix.",
        Severity.LOW: "Fix them when convenient.",
    }[worst]


def _rank(severity: Severity) -> int:
    return severity.rank


def _count(findings: Iterable[Finding], baseline: Baseline) -> int:
    return sum(finding.baseline is baseline for finding in findings)


def _findings(number: int) -> str:
    return "finding" if number == 1 else "findings"


def _list(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def subject_line(subject: Subject) -> str:
    """What is audited, in one line for the top of every output."""
    known = ", ".join(
        filter(None, (subject.environment, subject.clock, subject.workspace, subject.region))
    )
    parts = [f"{subject.profile} ({known})" if known else subject.profile]
    if subject.host:
        parts.append(subject.host)
    if subject.repository:
        parts.append(f"repository {_code_state(subject.repository)}")
    parts.append(subject.policy.name if subject.policy else "built-in policy")
    if subject.left_out:
        parts.append(f"without {', '.join(subject.left_out)}")
    return " · ".join(parts)


def subject_facts(report: Report) -> Iterator[tuple[str, str]]:
    """Label and value of all that names the subject of a report; nothing without a subject."""
    subject = report.subject
    if subject is None:
        return
    yield "profile", subject.profile
    if subject.environment:
        yield "environment", subject.environment
    if subject.owner:
        yield "owner", subject.owner
    yield "workspace", subject.workspace or "not known"
    yield "region", subject.region or "not known"
    if subject.host:
        yield "host", subject.host
    if subject.clock:
        yield "clock", subject.clock
    yield "period of the activity log", subject.period or "not examined"
    if code := subject.repository:
        yield "repository", f"{code.name}{f' ({code.remote})' if code.remote else ''}"
        yield "branch", code.branch or "none, or not known"
        yield "commit", f"{code.commit or 'not known'}{_DIRTY[code.dirty]}"
    yield "policy", _hashed(subject.policy) or "built-in"
    yield "waivers", _hashed(subject.waivers) or "none"
    yield "steps left out", ", ".join(subject.left_out) or "none"
    yield "run by", subject.run_by or "not known"
    yield "runbook", report.tool_version


_DIRTY: Final = {
    True: ", with uncommitted changes",
    False: ", without uncommitted changes",
    None: "",
}


def _code_state(code: CodeState) -> str:
    at = f" at {code.commit[:7]}" if code.commit else ""
    return f"{code.name}{at}{_DIRTY[True] if code.dirty else ''}"


def _hashed(file: HashedFile | None) -> str:
    return f"{file.name} (sha256 {file.sha256})" if file else ""
