"""What Intercom's activity log shows of accounts: who logs in, from where, when, and how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from helpers.auditlog.checks.rows import ASK, CONTROLS, REVIEW, judged_rows
from helpers.auditlog.evidence import explain
from helpers.auditlog.records import QuestionResult, Review
from helpers.core.catalog import check
from helpers.core.click_paths import click_path
from helpers.core.model import Confidence, Outcome, Severity

_METHODS: Final = click_path("authentication_methods")
_TEAMMATES: Final = click_path("teammates")


@check(
    id="AUD-010",
    step="auditlog",
    partial=("answers",),
    title="No account was taken over",
    fails="An account shows signs of a takeover",
    incident=True,
    severity=Severity.CRITICAL,
    confidence=Confidence.MEDIUM,
    controls=("SOC 2 CC7.3", "ISO 27001 A.8.16", "NIST CSF DE.AE-02"),
    remediation=(
        ASK,
        "Cut the account's access at your identity provider first, where sign-in goes through one.",
        f"Change its role, or remove the teammate: {_TEAMMATES}.",
        "The teammate resets the password by the sign-in page; no source says that an admin can.",
        "Regenerate every token and secret that the account touched (step 03).",
        "Remove the webhooks and apps that it created.",
        "Note what was exported: you may have to report a breach.",
    ),
)
def account_taken_over(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Somebody else seems to have come in, and then to have used the account.

    Each sign has points: for another hand (a guessed password, a new network, an impersonation
    without a consent, …) and for what it did (a protection disabled, a key made, data taken, …).

    PASS: No account has the points of a suspicion.
    FAIL: An account has the points of an alarm: its steps and their evidence are listed.
    MANUAL: An account has the points of a suspicion; not reviewed.
    NOT_APPLICABLE: never, because every workspace has accounts.
    ERROR: The activity log could not be read.
    """
    yield from judged_rows(answers, reviews, "takeover", explain=explain)


@check(
    id="AUD-011",
    step="auditlog",
    partial=("answers",),
    title="No log-in after repeated failures",
    fails="An account logged in after repeated failures",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    controls=CONTROLS,
    remediation=(
        ASK,
        "If not, the teammate resets the password by the link on the sign-in page.",
        f"Enforce two-factor authentication or single sign-on: {_METHODS}.",
        REVIEW,
    ),
)
def repeated_failures(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """Failures followed by a success can mean a guessed password, or a mistyped one.

    PASS: Nobody logged in after repeated failures, or a review covers it.
    FAIL: Somebody did, from an address new to them or outside working hours.
    MANUAL: Somebody did, from a usual address at a usual time, or it was before the
        first audit; not reviewed.
    NOT_APPLICABLE: never, because log-ins are always recorded.
    ERROR: The activity log could not be read.
    """
    yield from judged_rows(answers, reviews, "failures_then_success", first_audit=first_audit)


@check(
    id="AUD-018",
    step="auditlog",
    partial=("answers",),
    title="Teammates log in from known addresses",
    fails="A teammate logged in from an unknown address",
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    controls=(*CONTROLS,),
    remediation=(ASK, REVIEW),
)
def new_addresses(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """A stolen password is used from another address. Travel and home networks look the same.

    PASS: Every log-in came from an address that the teammate had used before.
    FAIL: A log-in came from an address that is new to the teammate.
    MANUAL: Only before the first audit; not reviewed.
    NOT_APPLICABLE: never, because log-ins are always recorded.
    ERROR: The activity log could not be read.
    """
    yield from judged_rows(
        answers, reviews, "first_seen_address", "new_places", first_audit=first_audit
    )


@check(
    id="AUD-020",
    step="auditlog",
    partial=("answers",),
    title="Security changes are made in working hours",
    fails="A security change was made outside working hours",
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    controls=CONTROLS,
    remediation=(
        ASK,
        "If these hours are normal, set `auditlog.working_hours` and `timezone` in policy.toml.",
    ),
)
def off_hours(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """Intruders work when nobody is watching.

    PASS: Every security change was made in the policy's working hours.
    FAIL: A security change was made outside them.
    MANUAL: Only before the first audit; not reviewed.
    NOT_APPLICABLE: never, because the settings exist in every workspace.
    ERROR: The activity log could not be read.
    """
    yield from judged_rows(answers, reviews, "off_hours", first_audit=first_audit)


@check(
    id="AUD-021",
    step="auditlog",
    partial=("answers",),
    title="Departed and dormant accounts are not active",
    fails="A departed or dormant account is active",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    controls=("SOC 2 CC6.2", "ISO 27001 A.5.18", "CIS 5.3", "CIS 6.2"),
    remediation=(f"Remove the account: {_TEAMMATES}. Revoke the tokens it owned.", REVIEW),
)
def departed_or_dormant(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    teammates: tuple[str, ...],
) -> Iterator[Outcome]:
    """If an account that should be unused is active, somebody is using it.

    Silence is measured over the fetched history: `runbook auditlog fetch --days 400` extends it.

    PASS: No such account was active.
    FAIL: One was, after its removal or after a long silence.
    MANUAL: An account that is not among today's teammates was active in the period, and the log
        shows no earlier removal; not reviewed.
    NOT_APPLICABLE: never, because teammates leave every workspace.
    ERROR: The activity log or the list of teammates could not be read.
    """
    del teammates  # the answers were found with them: without the list there is no verdict
    yield from judged_rows(answers, reviews, "dormant_active", "departed_active")


@check(
    id="AUD-022",
    step="auditlog",
    partial=("answers",),
    title="Nobody does far more than usual",
    fails="A teammate does far more than usual",
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    controls=CONTROLS,
    remediation=("Check what was done on that day, and whether a script did it.", REVIEW),
)
def peaks(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """A day far above the usual is a script, a campaign, or somebody in a hurry.

    PASS: No teammate had such a day.
    FAIL: A teammate had such a day.
    MANUAL: Only before the first audit; not reviewed.
    NOT_APPLICABLE: never, because every teammate can act.
    ERROR: The activity log could not be read.
    """
    yield from judged_rows(answers, reviews, "peaks", first_audit=first_audit)
