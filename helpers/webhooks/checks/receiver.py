"""Does the receiver accept genuine deliveries, refuse all others, and follow the rules?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from helpers.core.catalog import check
from helpers.core.model import (
    Effort,
    Evidence,
    Outcome,
    Resource,
    Severity,
    Status,
    failed,
    manual,
    not_applicable,
    passed,
)
from helpers.webhooks.records import BatteryResult, CaseOutcome, CaseResult, LatencyBand

__all__ = [
    "SETUP",
    "answers_give_nothing_away",
    "by_cases",
    "deliveries_are_answered_in_time",
    "delivery_rules_are_met",
    "evidence_of",
    "forgeries_are_refused",
    "genuine_deliveries_are_accepted",
    "malformed_requests_do_no_harm",
    "not_judged",
    "receiver_named",
    "replays_are_recognised",
]

SETUP: Final = "https://developers.intercom.com/docs/webhooks/setting-up-webhooks"
_SHOWN: Final = 12  # cases that a finding lists; the notebook and `runbook webhook test` show all
_ELSEWHERE: Final = frozenset({"P01", "P04", "P05"})  # have their own checks
_FORGERY: Final = ("SOC 2 CC6.1", "SOC 2 CC6.6", "ISO 27001 A.8.28", "NIST CSF PR.AA-03")
_ROBUST: Final = ("SOC 2 CC7.1", "ISO 27001 A.8.28", "NIST CSF PR.PS-06", "CIS 16.1")


@check(
    id="WHK-003",
    step="webhooks",
    title="Genuine deliveries are accepted",
    fails="The receiver refuses genuine deliveries",
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=("Verify the raw bytes of the body as they arrived, before anything parses them.",),
    references=(SETUP,),
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.28"),
)
def genuine_deliveries_are_accepted(battery: BatteryResult) -> Iterator[Outcome]:
    """A delivery that is refused is lost: Intercom tries once more, then gives up.

    PASS: every form of a genuine delivery was accepted.
    FAIL: the control or another genuine delivery was refused.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: the run skipped these cases.
    ERROR: the receiver could not be reached.
    """
    yield by_cases(battery, "A", "Every form of a genuine delivery is accepted.")


@check(
    id="WHK-004",
    step="webhooks",
    title="Unsigned and forged requests are refused",
    fails="The receiver accepts forged requests",
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=(
        "Refuse a request without exactly one valid signature, before anything else.",
        "Copy helpers/webhooks/signatures.py and the recipe for your framework.",
    ),
    references=(SETUP, "https://cwe.mitre.org/data/definitions/347.html"),
    controls=_FORGERY,
    checklist="signatures_validated",
)
def forgeries_are_refused(battery: BatteryResult) -> Iterator[Outcome]:
    """Anyone who knows the address can send to it. Only the signature proves the sender.

    PASS: the control was accepted, and everything unsigned or forged refused.
    FAIL: something unsigned or forged was accepted, or broke the receiver.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: the run skipped these cases.
    ERROR: the receiver could not be reached, or refuses genuine deliveries too, so that its
        refusals prove nothing.
    """
    yield by_cases(battery, "R", "Everything unsigned or forged is refused.")


@check(
    id="WHK-005",
    step="webhooks",
    title="Malformed requests do no harm",
    fails="Malformed requests harm the receiver",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=("Verify first, parse afterwards; answer 401 if verification fails.",),
    references=("https://cwe.mitre.org/data/definitions/755.html",),
    controls=_ROBUST,
)
def malformed_requests_do_no_harm(battery: BatteryResult) -> Iterator[Outcome]:
    """Errors in a row make Intercom pause deliveries, and anyone can cause them from outside.

    PASS: every malformed request was refused, and the receiver survived.
    FAIL: one was accepted, caused a 5xx, or took the receiver down.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: the run skipped these cases.
    ERROR: the receiver could not be reached, or refuses genuine deliveries too.
    """
    yield by_cases(battery, "E", "Every malformed request is refused without an error.")


@check(
    id="WHK-006",
    step="webhooks",
    title="Responses reveal nothing",
    fails="Responses reveal a secret or a trace",
    severity=Severity.CRITICAL,
    remediation=("Answer with a reason and nothing else; turn off debug pages.",),
    references=("https://cwe.mitre.org/data/definitions/209.html",),
    controls=("SOC 2 CC6.1", "ISO 27001 A.8.12"),
)
def answers_give_nothing_away(battery: BatteryResult) -> Iterator[Outcome]:
    """A response that contains a valid signature signs the next forgery.

    PASS: no response contained the signature, the secret or a stack trace.
    FAIL: one did.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: the run skipped these cases.
    ERROR: the receiver could not be reached.
    """
    yield by_cases(
        battery, "L", "No response contained the signature, the secret or a stack trace."
    )


@check(
    id="WHK-007",
    step="webhooks",
    title="Deliveries are answered in time",
    fails="Deliveries are answered too slowly",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=("Verify, queue the delivery, and answer at once.",),
    references=(SETUP,),
    controls=("SOC 2 CC7.2",),
)
def deliveries_are_answered_in_time(battery: BatteryResult) -> Iterator[Outcome]:
    """Over 500 ms Intercom lowers the priority of deliveries; after 5 s they fail.

    PASS: 95 of 100 genuine deliveries were answered within 500 ms.
    FAIL: they took longer: a medium failure over 500 ms, a high one over 5 s.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: never, because every delivery has to be answered.
    ERROR: the receiver could not be reached, or none was answered.
    """
    resource, band = receiver_named(battery.receiver), battery.latency
    seen = Evidence(what=f"95th percentile: {band}", where=battery.receiver)
    if band is LatencyBand.FAST:
        yield passed(resource, "Deliveries are answered within 500 ms.", seen)
    elif band is LatencyBand.UNKNOWN:
        yield not_judged(resource, "No genuine delivery was answered.")
    else:
        severity = Severity.HIGH if band is LatencyBand.TOO_SLOW else Severity.MEDIUM
        yield failed(resource, f"Responses take {band}.", seen, severity=severity)


@check(
    id="WHK-008",
    step="webhooks",
    title="Intercom's delivery rules are met",
    fails="The receiver breaks Intercom's delivery rules",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=("Answer genuine deliveries with 200, also fifty of them at once.",),
    references=(SETUP,),
    controls=("SOC 2 CC7.2",),
)
def delivery_rules_are_met(battery: BatteryResult) -> Iterator[Outcome]:
    """410 disables the subscription, 429 throttles it, and a redirect is not a success.

    PASS: no genuine delivery gets 410, 429 or a redirect; a burst, where one was sent, is
        accepted.
    FAIL: one does, or a burst loses deliveries.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: the run skipped these cases.
    ERROR: the receiver could not be reached.
    """
    yield by_cases(battery, "P", "No response stops deliveries.")


@check(
    id="WHK-009",
    step="webhooks",
    title="Repeated and foreign deliveries are recognised",
    fails="Repeated or foreign deliveries are not recognised",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        "Remember the ids of deliveries for a week, and act on none twice.",
        "Check `app_id`, and refuse unknown workspaces.",
    ),
    references=(SETUP,),
    controls=("ISO 27001 A.8.28", "NIST CSF PR.PS-06"),
)
def replays_are_recognised(battery: BatteryResult) -> Iterator[Outcome]:
    """No signature contains a time, so a recorded delivery stays valid; no status shows a dedupe.

    PASS: an old delivery and one of another workspace were both refused.
    FAIL: one of them broke the receiver.
    MANUAL: one was answered as if it were accepted: check whether the code acts on it.
    NOT_APPLICABLE: the run skipped these cases.
    ERROR: the receiver could not be reached, or refuses genuine deliveries too.
    """
    cases = [
        case
        for case in battery.cases
        if case.id in {"P04", "P05"} and case.outcome is not CaseOutcome.SKIPPED
    ]
    resource = receiver_named(battery.receiver)
    broken = [case for case in cases if case.outcome is CaseOutcome.FAIL]
    silent = [case for case in cases if case.outcome is CaseOutcome.INCONCLUSIVE]
    taken = [case for case in cases if case.outcome is CaseOutcome.NOTE]
    named = {case.id for case in battery.cases}
    if not battery.cases or "" in named:
        yield not_judged(resource, "The run holds no result of these cases.")
    elif not cases:
        yield not_applicable(resource, "These cases were skipped.")
    elif broken:
        yield failed(resource, "A genuine signature breaks the receiver.", *evidence_of(broken))
    elif battery.control is not CaseOutcome.PASS:
        yield not_judged(resource, "Genuine deliveries are refused too.")
    elif silent:
        yield not_judged(resource, f"{silent[0].observed}.", *evidence_of(silent))
    elif taken:
        message = (
            "Old or foreign deliveries are answered as if accepted: does the code act on them?"
        )
        yield manual(resource, message, *evidence_of(taken))
    else:
        yield passed(resource, "Old and foreign deliveries are refused.")


def by_cases(battery: BatteryResult, group: str, well: str) -> Outcome:
    """FAIL if a case failed, ERROR if one is inconclusive, else PASS for what was tested.

    A PASS lists the skipped cases; a group that was skipped completely is NOT_APPLICABLE.
    """
    cases = [case for case in battery.cases if case.id[0] == group and case.id not in _ELSEWHERE]
    tried = [case for case in cases if case.outcome is not CaseOutcome.SKIPPED]
    wrong = [case for case in cases if case.outcome is CaseOutcome.FAIL]
    silent = [case for case in cases if case.outcome is CaseOutcome.INCONCLUSIVE]
    resource = receiver_named(battery.receiver)
    if wrong:
        return _failed(resource, wrong, len(tried))
    if silent:
        reason = battery.notes[0] if battery.notes else f"{silent[0].observed}."
        return not_judged(resource, reason, *evidence_of(silent))
    if not battery.cases:
        return not_judged(resource, "The run holds no result of these cases.")
    if not tried:
        return not_applicable(resource, "These cases were skipped.")
    seen = Evidence(what=f"{len(tried)} cases", where=battery.receiver)
    return passed(resource, well, seen, *_skipped(cases))


def evidence_of(cases: Sequence[CaseResult]) -> Iterator[Evidence]:
    """The worst cases first; `where` names the case in the catalog."""
    ranked = sorted(cases, key=lambda case: -case.severity.rank)
    for case in ranked[:_SHOWN]:
        yield Evidence(what=f"{case.title}: {case.observed} ({case.severity})", where=case.id)
    if len(ranked) > _SHOWN:
        yield Evidence(what=f"and {len(ranked) - _SHOWN} more cases")


def not_judged(resource: Resource, reason: str, *evidence: Evidence) -> Outcome:
    """ERROR: the receiver could not be judged."""
    return Outcome(status=Status.ERROR, resource=resource, message=reason, evidence=evidence)


def receiver_named(address: str) -> Resource:
    """The receiver as a resource."""
    return Resource(kind="webhook receiver", key=address)


def _failed(resource: Resource, wrong: Sequence[CaseResult], tried: int) -> Outcome:
    worst = max(wrong, key=lambda case: case.severity.rank)
    return failed(
        resource,
        f"{len(wrong)} of {tried} cases failed. {worst.consequence}",
        *evidence_of(wrong),
        severity=worst.severity,
        remediation=tuple(dict.fromkeys(line for case in wrong for line in case.fix)),
    )


def _skipped(cases: Sequence[CaseResult]) -> Iterator[Evidence]:
    for case in cases:
        if case.outcome is CaseOutcome.SKIPPED:
            yield Evidence(what=f"skipped: {case.title} ({case.observed})", where=case.id)
