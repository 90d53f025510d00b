"""Does the receiver know Intercom's deliveries from forged ones, and does it outlive both?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from helpers.catalog import check
from helpers.model import (
    Effort,
    Evidence,
    Resource,
    Severity,
    Status,
    failed,
    manual,
    not_applicable,
    passed,
)
from helpers.model import Outcome as Verdict
from helpers.webhooks.records import (
    BatteryResult,
    CaseResult,
    ClientSecret,
    LatencyBand,
    Outcome,
    Receiver,
)

_SETUP: Final = "https://developers.intercom.com/docs/webhooks/setting-up-webhooks"
_FORGERY: Final = ("SOC 2 CC6.1", "SOC 2 CC6.6", "ISO 27001 A.8.28", "NIST CSF PR.AA-03")
_ROBUST: Final = ("SOC 2 CC7.1", "ISO 27001 A.8.28", "NIST CSF PR.PS-06", "CIS 16.1")
_SHOWN: Final = 12  # cases that a finding lists; the notebook and `runbook webhook test` show all


@check(
    id="WHK-001",
    step="webhooks",
    title="The client secret is at hand",
    severity=Severity.HIGH,
    remediation=(
        "Developer Hub > your app > Basic Information: copy the client secret.",
        "Put it into INTERCOM_CLIENT_SECRET, for the receiver and for this profile.",
    ),
    references=(_SETUP,),
    controls=("SOC 2 CC6.1", "ISO 27001 A.5.17"),
    checklist="signatures_validated",
)
def client_secret_is_set(client_secret: ClientSecret, receiver: Receiver) -> Iterator[Verdict]:
    """Without the client secret no receiver can tell Intercom's deliveries from forged ones.

    PASS: a receiver is configured, and so is the client secret.
    FAIL: a receiver is configured, and the client secret is not.
    MANUAL: no receiver is configured here.
    NOT_APPLICABLE: never, because a receiver always needs the secret.
    ERROR: the receiver's address can't be read.
    """
    resource = Resource(kind="variable", key=client_secret.variable)
    if client_secret.configured:
        yield passed(resource, f"The client secret for {receiver.address} is set.")
    else:
        yield failed(resource, "A receiver is configured, but not the secret that it verifies by.")


@check(
    id="WHK-002",
    step="webhooks",
    title="Deliveries come over HTTPS",
    severity=Severity.HIGH,
    remediation=(
        "Give the receiver a certificate, or put it behind a proxy that has one.",
        "Developer Hub > your app > Webhooks: change the address to https.",
    ),
    references=(_SETUP,),
    controls=("SOC 2 CC6.7", "ISO 27001 A.8.24", "NIST CSF PR.DS-02", "CIS 3.10"),
)
def receiver_uses_https(receiver: Receiver) -> Iterator[Verdict]:
    """Deliveries hold customers' names and messages; a signature does not hide them.

    PASS: the receiver's address is an https one.
    FAIL: the receiver's address is plain http, and not on this machine.
    MANUAL: no receiver is configured here.
    NOT_APPLICABLE: the receiver is on this machine, where nothing travels.
    ERROR: the receiver's address can't be read.
    """
    resource = _receiver(receiver.address)
    if receiver.scheme == "https":
        yield passed(resource, "The receiver's address is an https one.")
    elif receiver.loopback:
        yield not_applicable(resource, "The receiver is on this machine.")
    else:
        yield failed(resource, "Deliveries travel in the clear, for everybody on the way to read.")


@check(
    id="WHK-003",
    step="webhooks",
    title="Genuine deliveries are accepted",
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=("Verify the raw bytes of the body as they arrived, before anything parses them.",),
    references=(_SETUP,),
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.28"),
)
def genuine_deliveries_are_accepted(battery: BatteryResult) -> Iterator[Verdict]:
    """A delivery that is refused is lost: Intercom tries once more, then gives up.

    PASS: every form of a genuine delivery was accepted.
    FAIL: the control or another genuine delivery was refused.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: never, because a receiver has to accept something.
    ERROR: the receiver could not be reached.
    """
    yield _by_cases(battery, "A", "Every form of a genuine delivery is accepted.")


@check(
    id="WHK-004",
    step="webhooks",
    title="Unsigned and forged requests are refused",
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=(
        "Refuse what does not carry exactly one valid signature, before anything else is done.",
        "Copy helpers/webhooks/signatures.py, or the recipe for your framework beside it.",
    ),
    references=(_SETUP, "https://cwe.mitre.org/data/definitions/347.html"),
    controls=_FORGERY,
    checklist="signatures_validated",
)
def forgeries_are_refused(battery: BatteryResult) -> Iterator[Verdict]:
    """Whoever knows the address can send to it. Only the signature tells who it was.

    PASS: the control was accepted, and everything unsigned or forged refused.
    FAIL: something unsigned or forged was accepted, or broke the receiver.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: never, because every receiver can be sent forgeries.
    ERROR: the receiver could not be reached, or refuses genuine deliveries too, so that its
        refusals say nothing.
    """
    yield _by_cases(battery, "R", "Everything unsigned or forged is refused.")


@check(
    id="WHK-005",
    step="webhooks",
    title="Malformed requests do no harm",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=("Verify first, parse afterwards; answer 401 to what does not verify.",),
    references=("https://cwe.mitre.org/data/definitions/755.html",),
    controls=_ROBUST,
)
def malformed_requests_do_no_harm(battery: BatteryResult) -> Iterator[Verdict]:
    """Errors in a row make Intercom pause deliveries, and anybody can cause them from outside.

    PASS: every malformed request was refused, and the receiver lived on.
    FAIL: one was accepted, made a 5xx, or took the receiver down.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: never, because every receiver can be sent malformed requests.
    ERROR: the receiver could not be reached, or refuses genuine deliveries too.
    """
    yield _by_cases(battery, "E", "Every malformed request is refused without an error.")


@check(
    id="WHK-006",
    step="webhooks",
    title="Answers give nothing away",
    severity=Severity.CRITICAL,
    remediation=("Answer with a reason and nothing else; turn debug pages off.",),
    references=("https://cwe.mitre.org/data/definitions/209.html",),
    controls=("SOC 2 CC6.1", "ISO 27001 A.8.12"),
)
def answers_give_nothing_away(battery: BatteryResult) -> Iterator[Verdict]:
    """An answer with the right signature in it signs the next forgery.

    PASS: no answer held the signature, the secret or a trace.
    FAIL: one did.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: never, because every receiver answers.
    ERROR: the receiver could not be reached.
    """
    yield _by_cases(battery, "L", "No answer held the signature, the secret or a trace.")


@check(
    id="WHK-007",
    step="webhooks",
    title="Deliveries are answered in time",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=("Verify, put the delivery on a queue, and answer at once.",),
    references=(_SETUP,),
    controls=("SOC 2 CC7.2",),
)
def deliveries_are_answered_in_time(battery: BatteryResult) -> Iterator[Verdict]:
    """Over 500 ms Intercom lowers the priority of deliveries; after 5 s they have failed.

    PASS: 95 of 100 genuine deliveries were answered within 500 ms.
    FAIL: they took longer: a medium failure over 500 ms, a high one over 5 s.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: never, because every delivery has to be answered.
    ERROR: the receiver could not be reached, or none was answered.
    """
    resource, band = _receiver(battery.receiver), battery.latency
    seen = Evidence(what=f"95th percentile: {band}", where=battery.receiver)
    if band is LatencyBand.FAST:
        yield passed(resource, "Deliveries are answered within 500 ms.", seen)
    elif band is LatencyBand.UNKNOWN:
        yield _could_not_look(resource, "No genuine delivery was answered.")
    else:
        severity = Severity.HIGH if band is LatencyBand.TOO_SLOW else Severity.MEDIUM
        yield failed(resource, f"Answers take {band}.", seen, severity=severity)


@check(
    id="WHK-008",
    step="webhooks",
    title="Intercom's delivery rules are met",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=("Answer genuine deliveries with 200, also fifty of them at once.",),
    references=(_SETUP,),
    controls=("SOC 2 CC7.2",),
)
def delivery_rules_are_met(battery: BatteryResult) -> Iterator[Verdict]:
    """410 disables the subscription, 429 throttles it, and a redirect is no success.

    PASS: bursts are accepted, and no genuine delivery gets 410, 429 or a redirect.
    FAIL: one does, or a burst loses deliveries.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: never, because the rules hold for every receiver.
    ERROR: the receiver could not be reached.
    """
    yield _by_cases(battery, "P", "Bursts are accepted, and no answer stops deliveries.")


@check(
    id="WHK-009",
    step="webhooks",
    title="Repeated and foreign deliveries are told apart",
    severity=Severity.MEDIUM,
    effort=Effort.HOURS,
    remediation=(
        "Remember the ids of deliveries for a week, and act on none twice.",
        "Look up `app_id`, and refuse workspaces that you do not know.",
    ),
    references=(_SETUP,),
    controls=("ISO 27001 A.8.28", "NIST CSF PR.PS-06"),
)
def replays_are_told_apart(battery: BatteryResult) -> Iterator[Verdict]:
    """No signature holds a time, so a recorded delivery stays valid; a status can't show a dedupe.

    PASS: an old delivery and one of another workspace were both refused.
    FAIL: one of them broke the receiver.
    MANUAL: one was answered as if it were taken: look whether the code acts on it.
    NOT_APPLICABLE: the run left these cases out.
    ERROR: the receiver could not be reached, or refuses genuine deliveries too.
    """
    cases = [case for case in battery.cases if case.id in {"P04", "P05"}]
    resource = _receiver(battery.receiver)
    broken = [case for case in cases if case.outcome is Outcome.FAIL]
    taken = [case for case in cases if case.outcome is Outcome.NOTE]
    if not cases:
        yield not_applicable(resource, "These cases were left out.")
    elif broken:
        yield failed(resource, "A genuine signature breaks the receiver.", *_evidence(broken))
    elif battery.control is not Outcome.PASS:
        yield _could_not_look(resource, "Genuine deliveries are refused too.")
    elif taken:
        message = "Old or foreign deliveries are answered as if taken: does the code act on them?"
        yield manual(resource, message, *_evidence(taken))
    else:
        yield passed(resource, "Old and foreign deliveries are refused.")


def _by_cases(battery: BatteryResult, group: str, well: str) -> Verdict:
    """One verdict for a group of cases, with the cases that went wrong as evidence."""
    cases = [case for case in battery.cases if case.id[0] == group and case.id not in _ELSEWHERE]
    wrong = [case for case in cases if case.outcome is Outcome.FAIL]
    open_ones = [case for case in cases if case.outcome is Outcome.INCONCLUSIVE]
    resource = _receiver(battery.receiver)
    if wrong:
        severity = max((case.severity for case in wrong), key=lambda severity: severity.rank)
        message = f"{len(wrong)} of {len(cases)} cases failed. {_worst(wrong).consequence}"
        remediation = tuple(dict.fromkeys(line for case in wrong for line in case.fix))
        return failed(
            resource, message, *_evidence(wrong), severity=severity, remediation=remediation
        )
    if open_ones:
        reason = battery.notes[0] if battery.notes else f"{open_ones[0].observed}."
        return _could_not_look(resource, reason, *_evidence(open_ones))
    return passed(resource, well, Evidence(what=f"{len(cases)} cases", where=battery.receiver))


_ELSEWHERE: Final = frozenset({"P01", "P04", "P05"})  # checks of their own


def _worst(cases: list[CaseResult]) -> CaseResult:
    return max(cases, key=lambda case: case.severity.rank)


def _evidence(cases: list[CaseResult]) -> Iterator[Evidence]:
    """The worst cases first; `where` names the case in the catalog."""
    ranked = sorted(cases, key=lambda case: -case.severity.rank)
    for case in ranked[:_SHOWN]:
        yield Evidence(what=f"{case.title}: {case.observed} ({case.severity})", where=case.id)
    if len(ranked) > _SHOWN:
        yield Evidence(what=f"and {len(ranked) - _SHOWN} more cases")


def _could_not_look(resource: Resource, reason: str, *evidence: Evidence) -> Verdict:
    return Verdict(status=Status.ERROR, resource=resource, message=reason, evidence=evidence)


def _receiver(address: str) -> Resource:
    return Resource(kind="webhook receiver", key=address)
