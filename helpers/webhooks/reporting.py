"""The result of a run: text for a terminal, JUnit XML, and findings for every other format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from helpers.core.judge import identity
from helpers.core.model import (
    Confidence,
    Effort,
    Evidence,
    Finding,
    Report,
    Resource,
    Status,
    StepResult,
)
from helpers.core.redaction import sanitize
from helpers.webhooks.cases import case_named
from helpers.webhooks.records import BatteryResult, CaseGroup, CaseOutcome, CaseResult

__all__ = [
    "case_lines",
    "check_id",
    "findings_of",
    "group_lines",
    "headline",
    "junit_xml",
    "report_of",
    "result_lines",
]

_STATUS: Final = {
    CaseOutcome.PASS: Status.PASS,
    CaseOutcome.NOTE: Status.MANUAL,
    CaseOutcome.FAIL: Status.FAIL,
    CaseOutcome.INCONCLUSIVE: Status.ERROR,
    CaseOutcome.SKIPPED: Status.NOT_APPLICABLE,
}
_WORDS: Final = {
    CaseOutcome.PASS: "ok",
    CaseOutcome.NOTE: "note",
    CaseOutcome.FAIL: "FAIL",
    CaseOutcome.INCONCLUSIVE: "inconclusive",
    CaseOutcome.SKIPPED: "skipped",
}
_SHORT: Final = frozenset({CaseOutcome.PASS, CaseOutcome.SKIPPED})
_INDENT: Final = "      "
_ELEMENTS: Final = {
    CaseOutcome.FAIL: "failure",
    CaseOutcome.INCONCLUSIVE: "error",
    CaseOutcome.SKIPPED: "skipped",
}


def report_of(
    result: BatteryResult, *, profile: str, generated_at: datetime, tool_version: str
) -> Report:
    """A report of this run alone."""
    return Report(
        tool_version=tool_version,
        profile=profile,
        generated_at=generated_at,
        steps=(StepResult(step="webhooks", title="Webhook verification", completed=True),),
        findings=tuple(findings_of(result)),
        notes=result.notes,
    )


def findings_of(result: BatteryResult) -> list[Finding]:
    """One finding per group, then one per case that is in no group, in the order of the cases."""
    grouped = _grouped(result)
    found = [_group_finding(result, group) for group in result.groups]
    return found + [_finding(result, case) for case in result.cases if case.id not in grouped]


def _grouped(result: BatteryResult) -> frozenset[str]:
    """The ids of the cases that a group reports."""
    return frozenset(case_id for group in result.groups for case_id in group.cases)


def _group_finding(result: BatteryResult, group: CaseGroup) -> Finding:
    resource = _receiver(result)
    return Finding(
        check=check_id(group.id),
        title=group.title,
        step="webhooks",
        status=Status.FAIL,
        severity=group.severity,
        confidence=Confidence.HIGH,
        effort=Effort.HOURS,
        resource=resource,
        message=f"{_of_cases(group)} Seen: {group.observed}. {group.consequence}",
        evidence=tuple(
            Evidence(what=f"{v.name}: {v.observed}", where=v.curl)
            for case_id in group.cases
            for v in result.case(case_id).failing
        ),
        remediation=group.fix,
        fingerprint=identity(check_id(group.id), resource),
    )


def _receiver(result: BatteryResult) -> Resource:
    """The receiver, with port and path where they are known: they distinguish two of one host."""
    return Resource(kind="webhook receiver", key=result.endpoint or result.receiver)


def _of_cases(group: CaseGroup) -> str:
    return f"{len(group.cases)} cases: {', '.join(group.cases)}."


def check_id(case_id: str) -> str:
    """The check id of a case."""
    return f"WHK-{case_id}"


def _finding(result: BatteryResult, case: CaseResult) -> Finding:
    resource = _receiver(result)
    return Finding(
        check=check_id(case.id),
        title=case.title,
        step="webhooks",
        status=_STATUS[case.outcome],
        severity=case.severity,
        confidence=Confidence.HIGH,
        effort=Effort.HOURS,
        resource=resource,
        message=_message(case),
        evidence=tuple(_evidence(case)),
        remediation=case.fix,
        references=case_named(case.id).references,
        fingerprint=identity(check_id(case.id), resource),
    )


def _message(case: CaseResult) -> str:
    return f"{case.sent} Seen: {case.observed}. {case.consequence}".strip()


def _evidence(case: CaseResult) -> list[Evidence]:
    shown = [v for v in case.variants if v.outcome in {CaseOutcome.FAIL, CaseOutcome.NOTE}]
    return [Evidence(what=f"{v.name}: {v.observed}", where=v.curl) for v in shown]


def result_lines(result: BatteryResult, *, every: bool = False) -> Iterator[str]:
    """The whole result: failures, worst first, then the rest in brief, then the headline."""
    if not _judged(result):
        yield from (*result.notes, headline(result))
        return
    grouped = _grouped(result)
    for group in result.groups:
        yield from group_lines(group)
        yield ""
    failed = [case for case in result.cases if case.outcome is CaseOutcome.FAIL]
    wrong = [case for case in failed if case.id not in grouped]
    for case in sorted(wrong, key=lambda case: -case.severity.rank):
        yield from case_lines(case)
        yield ""
    for case in result.cases:
        if case.outcome is CaseOutcome.NOTE or (every and case.outcome in _SHORT):
            yield f"{_WORDS[case.outcome]:<13}{case.id}  {case.title}: {case.observed}"
    yield from _unjudged(result)
    yield from (f"Note: {note}" for note in result.notes)
    yield headline(result)


def _judged(result: BatteryResult) -> int:
    return result.count(CaseOutcome.PASS, CaseOutcome.NOTE, CaseOutcome.FAIL)


def _unjudged(result: BatteryResult) -> Iterator[str]:
    """Inconclusive cases, a line for each reason: many cases often share one."""
    reasons: dict[str, list[str]] = {}
    for case in result.cases:
        if case.outcome is CaseOutcome.INCONCLUSIVE:
            reasons.setdefault(case.observed, []).append(case.id)
    for reason, ids in reasons.items():
        yield f"{_WORDS[CaseOutcome.INCONCLUSIVE]:<13}{', '.join(ids)}: {reason}"


def case_lines(case: CaseResult) -> Iterator[str]:
    """One failed case: what was seen, what it means, what to change, how to repeat it."""
    yield f"{_WORDS[case.outcome]}  {case.severity}  {case.id}  {case.title}"
    yield f"{_INDENT}Sent: {case.sent}"
    yield f"{_INDENT}Seen: {case.observed}"
    if case.consequence:
        yield f"{_INDENT}{case.consequence}"
    yield from (f"{_INDENT}Fix: {line}" for line in case.fix)
    again = next((variant.curl for variant in case.failing if variant.curl), "")
    if again:
        yield f"{_INDENT}Repeat: {again}"


def group_lines(group: CaseGroup) -> Iterator[str]:
    """Cases that fail for one reason: what was seen, which they are, what to change."""
    yield f"{_WORDS[CaseOutcome.FAIL]}  {group.severity}  {group.id}  {group.title}"
    yield f"{_INDENT}{_of_cases(group)}"
    yield f"{_INDENT}Seen: {group.observed}"
    yield f"{_INDENT}{group.consequence}"
    yield from (f"{_INDENT}Fix: {line}" for line in group.fix)
    if group.curl:
        yield f"{_INDENT}Repeat: {group.curl}"


def headline(result: BatteryResult) -> str:
    """The result in one or two sentences."""
    wrong = result.count(CaseOutcome.FAIL)
    if not _judged(result):
        return "So nothing was judged. Start the receiver, or fix the address."
    tried = len(result.cases) - result.count(CaseOutcome.SKIPPED)
    first = f"{wrong} of {tried} cases failed." if wrong else f"None of {tried} cases failed."
    unjudged = result.count(CaseOutcome.INCONCLUSIVE)
    first += f" {unjudged} are inconclusive." if unjudged else ""
    about = f" It looks like {result.framework}." if result.framework else ""
    control = {
        CaseOutcome.PASS: "Genuine deliveries are accepted",
        CaseOutcome.FAIL: "Genuine deliveries are refused, so refusals of forgeries prove nothing",
    }.get(result.control, "Genuine deliveries were not accepted throughout")
    return f"{first} {control}; they are answered in {result.latency}.{about}".replace(
        "in not measured", "in unknown time"
    )


def junit_xml(result: BatteryResult) -> str:
    """One suite, one test per case. INCONCLUSIVE is an error: the receiver could not be judged."""
    failures, errors = result.count(CaseOutcome.FAIL), result.count(CaseOutcome.INCONCLUSIVE)
    suite = (
        f"<testsuite name={_attribute(f'Webhook receiver {result.endpoint or result.receiver}')} "
        f'tests="{len(result.cases)}" failures="{failures}" errors="{errors}" '
        f'skipped="{result.count(CaseOutcome.SKIPPED)}">'
    )
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", suite]
    lines += [_test_case(result.scheme, case) for case in result.cases]
    return "\n".join([*lines, "</testsuite>", "</testsuites>"]) + "\n"


def _test_case(scheme: str, case: CaseResult) -> str:
    name = _attribute(f"{case.id} {case.title}")
    opening = f'<testcase classname="intercom.{scheme}" name={name}'
    element = _ELEMENTS.get(case.outcome)
    if element is None:
        return f"{opening}/>"
    message = _attribute(f"{case.severity}: {case.observed}")
    return f"{opening}><{element} message={message}>{_failure_text(case)}</{element}></testcase>"


def _failure_text(case: CaseResult) -> str:
    lines = [case.sent, case.consequence, *case.fix]
    for variant in case.failing:
        lines += [f"{variant.name}: {variant.observed}", variant.curl]
    return "\n".join(escape(sanitize(line)) for line in lines if line)


def _attribute(text: str) -> str:
    return quoteattr(sanitize(text))
