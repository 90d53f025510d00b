"""Does the receiver tell genuine deliveries from everything else, and give nothing away?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from helpers.core.catalog import check
from helpers.core.model import Effort, Outcome, Severity
from helpers.webhooks.checks.grouping import SETUP, by_cases
from helpers.webhooks.records import BatteryResult

__all__ = [
    "answers_give_nothing_away",
    "forgeries_are_refused",
    "genuine_deliveries_are_accepted",
    "malformed_requests_do_no_harm",
]

_FORGERY: Final = ("SOC 2 CC6.1", "SOC 2 CC6.6", "ISO 27001 A.8.28", "NIST CSF PR.AA-03")
_ROBUST: Final = ("SOC 2 CC7.1", "ISO 27001 A.8.28", "NIST CSF PR.PS-06", "CIS 16.1")


@check(
    id="WHK-003",
    step="webhooks",
    title="Genuine deliveries are accepted",
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
    NOT_APPLICABLE: the run left these cases out.
    ERROR: the receiver could not be reached.
    """
    yield by_cases(battery, "A", "Every form of a genuine delivery is accepted.")


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
    references=(SETUP, "https://cwe.mitre.org/data/definitions/347.html"),
    controls=_FORGERY,
    checklist="signatures_validated",
)
def forgeries_are_refused(battery: BatteryResult) -> Iterator[Outcome]:
    """Whoever knows the address can send to it. Only the signature tells who it was.

    PASS: the control was accepted, and everything unsigned or forged refused.
    FAIL: something unsigned or forged was accepted, or broke the receiver.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: the run left these cases out.
    ERROR: the receiver could not be reached, or refuses genuine deliveries too, so that its
        refusals say nothing.
    """
    yield by_cases(battery, "R", "Everything unsigned or forged is refused.")


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
def malformed_requests_do_no_harm(battery: BatteryResult) -> Iterator[Outcome]:
    """Errors in a row make Intercom pause deliveries, and anybody can cause them from outside.

    PASS: every malformed request was refused, and the receiver lived on.
    FAIL: one was accepted, made a 5xx, or took the receiver down.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: the run left these cases out.
    ERROR: the receiver could not be reached, or refuses genuine deliveries too.
    """
    yield by_cases(battery, "E", "Every malformed request is refused without an error.")


@check(
    id="WHK-006",
    step="webhooks",
    title="Answers give nothing away",
    severity=Severity.CRITICAL,
    remediation=("Answer with a reason and nothing else; turn debug pages off.",),
    references=("https://cwe.mitre.org/data/definitions/209.html",),
    controls=("SOC 2 CC6.1", "ISO 27001 A.8.12"),
)
def answers_give_nothing_away(battery: BatteryResult) -> Iterator[Outcome]:
    """An answer with the right signature in it signs the next forgery.

    PASS: no answer held the signature, the secret or a trace.
    FAIL: one did.
    MANUAL: no receiver or secret is configured, or the battery is off.
    NOT_APPLICABLE: the run left these cases out.
    ERROR: the receiver could not be reached.
    """
    yield by_cases(battery, "L", "No answer held the signature, the secret or a trace.")
