"""Does the receiver serve as Intercom's delivery rules want it?"""

from __future__ import annotations

from collections.abc import Iterator

from helpers.core.catalog import check
from helpers.core.model import Effort, Evidence, Severity, failed, manual, not_applicable, passed
from helpers.core.model import Outcome as Verdict
from helpers.webhooks.checks.grouping import (
    SETUP,
    by_cases,
    could_not_look,
    evidence_of,
    receiver_named,
)
from helpers.webhooks.records import BatteryResult, LatencyBand, Outcome

__all__ = [
    "deliveries_are_answered_in_time",
    "delivery_rules_are_met",
    "replays_are_told_apart",
]


@check(
    id="WHK-007",
    step="webhooks",
    title="Deliveries are answered in time",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=("Verify, put the delivery on a queue, and answer at once.",),
    references=(SETUP,),
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
    resource, band = receiver_named(battery.receiver), battery.latency
    seen = Evidence(what=f"95th percentile: {band}", where=battery.receiver)
    if band is LatencyBand.FAST:
        yield passed(resource, "Deliveries are answered within 500 ms.", seen)
    elif band is LatencyBand.UNKNOWN:
        yield could_not_look(resource, "No genuine delivery was answered.")
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
    references=(SETUP,),
    controls=("SOC 2 CC7.2",),
)
def delivery_rules_are_met(battery: BatteryResult) -> Iterator[Verdict]:
    """410 disables the subscription, 429 throttles it, and a redirect is no success.

    PASS: no genuine delivery gets 410, 429 or a redirect; a burst, where one was sent, is
        accepted.
    FAIL: one does, or a burst loses deliveries.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: the run left these cases out.
    ERROR: the receiver could not be reached.
    """
    yield by_cases(battery, "P", "No answer stops deliveries.")


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
    references=(SETUP,),
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
    cases = [
        case
        for case in battery.cases
        if case.id in {"P04", "P05"} and case.outcome is not Outcome.SKIPPED
    ]
    resource = receiver_named(battery.receiver)
    broken = [case for case in cases if case.outcome is Outcome.FAIL]
    silent = [case for case in cases if case.outcome is Outcome.INCONCLUSIVE]
    taken = [case for case in cases if case.outcome is Outcome.NOTE]
    if not cases:
        yield not_applicable(resource, "These cases were left out.")
    elif broken:
        yield failed(resource, "A genuine signature breaks the receiver.", *evidence_of(broken))
    elif battery.control is not Outcome.PASS:
        yield could_not_look(resource, "Genuine deliveries are refused too.")
    elif silent:
        yield could_not_look(resource, f"{silent[0].observed}.", *evidence_of(silent))
    elif taken:
        message = "Old or foreign deliveries are answered as if taken: does the code act on them?"
        yield manual(resource, message, *evidence_of(taken))
    else:
        yield passed(resource, "Old and foreign deliveries are refused.")
