"""What Intercom's activity log says of accounts: who came in, from where, when, and how busily."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.auditlog.checks.rows import ASK, CONTROLS, REVIEW, judge
from helpers.auditlog.records import Answer, Review
from helpers.core.catalog import check
from helpers.core.model import Confidence, Outcome, Severity


@check(
    id="AUD-010",
    step="auditlog",
    title="No account was taken over",
    severity=Severity.CRITICAL,
    confidence=Confidence.MEDIUM,
    controls=("SOC 2 CC7.3", "ISO 27001 A.8.16", "NIST CSF DE.AE-02"),
    remediation=(
        ASK,
        "Settings > Teammates: sign the account out, reset its password, switch two-factor on.",
        "Regenerate every token and secret that the account touched (step 03).",
        "Remove the webhooks and apps that it made.",
        "Note what was exported: a breach may have to be reported.",
    ),
)
def account_taken_over(
    answers: tuple[Answer, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Failed log-ins, a success from a new address, then something is disarmed or taken.

    PASS: No such sequence in the period.
    FAIL: An account shows the sequence.
    MANUAL: A sequence without a new address or unusual hour has not been reviewed.
    NOT_APPLICABLE: never, because accounts are always there.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "takeover")


@check(
    id="AUD-011",
    step="auditlog",
    title="No log-in after repeated failures",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    controls=CONTROLS,
    remediation=(ASK, "If not: reset the password and switch two-factor on.", REVIEW),
)
def repeated_failures(
    answers: tuple[Answer, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Failures and then a success is what guessing a password looks like, and mistyping one too.

    PASS: Nobody logged in after repeated failures, or a review has seen it.
    FAIL: Somebody did, from an address new for them or outside working hours.
    MANUAL: Somebody did, from a usual place at a usual time; not reviewed.
    NOT_APPLICABLE: never, because log-ins are always recorded.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "failures_then_success")


@check(
    id="AUD-018",
    step="auditlog",
    title="Teammates log in from places they know",
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    controls=(*CONTROLS,),
    remediation=(ASK, REVIEW),
)
def new_addresses(answers: tuple[Answer, ...], reviews: tuple[Review, ...]) -> Iterator[Outcome]:
    """A stolen password is used from somewhere else. Travel and home networks look the same.

    PASS: Every log-in came from an address that the teammate had used before.
    FAIL: One came from an address that is new for them.
    MANUAL: never, because an address is new or not, as far as the fetched history goes.
    NOT_APPLICABLE: never, because log-ins are always recorded.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "first_seen_address", "new_places")


@check(
    id="AUD-020",
    step="auditlog",
    title="Security is changed in working hours",
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    controls=CONTROLS,
    remediation=(
        ASK,
        "If the hours are ordinary, set `auditlog.working_hours` and `timezone` in policy.toml.",
    ),
)
def off_hours(answers: tuple[Answer, ...], reviews: tuple[Review, ...]) -> Iterator[Outcome]:
    """Intruders work when nobody looks.

    PASS: Whatever bears on security was done in the policy's working hours.
    FAIL: Something was not.
    MANUAL: never, because the time of a row says it.
    NOT_APPLICABLE: never, because every row has a time.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "off_hours")


@check(
    id="AUD-021",
    step="auditlog",
    title="Departed and dormant teammates are quiet",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    controls=("SOC 2 CC6.2", "ISO 27001 A.5.18", "CIS 5.3", "CIS 6.2"),
    remediation=("Remove the account: Settings > Teammates. Revoke the tokens it owned.", REVIEW),
)
def departed_or_dormant(
    answers: tuple[Answer, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """An account that should be asleep and acts is used by somebody.

    Silence is seen as far as the fetched history goes: `runbook auditlog fetch --days 400`.

    PASS: No such account was active.
    FAIL: One was, after its removal or after a long silence.
    MANUAL: An account that is not among today's teammates was active in the period, before it left
        as far as the log tells; not reviewed.
    NOT_APPLICABLE: never, because teammates come and go everywhere.
    ERROR: The activity log or the list of teammates could not be read.
    """
    yield from judge(answers, reviews, "dormant_active", "departed_active")


@check(
    id="AUD-022",
    step="auditlog",
    title="Nobody does far more than usual",
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    controls=CONTROLS,
    remediation=("Look at what was done on that day, and whether a script did it.", REVIEW),
)
def peaks(answers: tuple[Answer, ...], reviews: tuple[Review, ...]) -> Iterator[Outcome]:
    """A day of many times the usual is a script, a campaign, or somebody in a hurry.

    PASS: No teammate had such a day.
    FAIL: One had.
    MANUAL: never, because counts say it.
    NOT_APPLICABLE: never, because every teammate can act.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "peaks")
