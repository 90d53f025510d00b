"""What Intercom's activity log shows: log-ins, and changes to keys, data, settings and rights.

Every check judges the rows of its questions in the same way, one teammate at a time. Rows that
stand out (a new address, at night, …) fail. Other rows need a person, unless a review covers their
time. No row passes by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from helpers.auditlog.records import ActivityRow, QuestionResult, Review, collapse_repeats
from helpers.core.catalog import check
from helpers.core.model import (
    Confidence,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    manual,
    passed,
)

_ASK: Final = "Ask the teammate, by another way than Intercom, whether it was them."
_CONTROLS: Final = ("SOC 2 CC7.2", "ISO 27001 A.8.16", "NIST CSF DE.CM-03")
_REVIEW: Final = "If it was expected, sign for the period with `runbook review`, or waive it."
_SHOWN: Final = 8


@check(
    id="AUD-010",
    step="auditlog",
    title="No account was taken over",
    severity=Severity.CRITICAL,
    confidence=Confidence.MEDIUM,
    controls=("SOC 2 CC7.3", "ISO 27001 A.8.16", "NIST CSF DE.AE-02"),
    remediation=(
        _ASK,
        "Settings > Teammates: sign the account out, reset its password, switch two-factor on.",
        "Regenerate every token and secret that the account touched (step 03).",
        "Remove the webhooks and apps that it made.",
        "Note what was exported: a breach may have to be reported.",
    ),
)
def account_taken_over(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Failed log-ins, a success from a new address, then something is disarmed or taken.

    PASS: No such sequence in the period.
    FAIL: An account shows the sequence.
    MANUAL: A sequence without a new address or unusual hour has not been reviewed.
    NOT_APPLICABLE: never, because accounts are always there.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "takeover")


@check(
    id="AUD-011",
    step="auditlog",
    title="No log-in after repeated failures",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    controls=_CONTROLS,
    remediation=(_ASK, "If not: reset the password and switch two-factor on.", _REVIEW),
)
def repeated_failures(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Failures and then a success is what guessing a password looks like, and mistyping one too.

    PASS: Nobody logged in after repeated failures, or a review has seen it.
    FAIL: Somebody did, from an address new for them or outside working hours.
    MANUAL: Somebody did, from a usual place at a usual time; not reviewed.
    NOT_APPLICABLE: never, because log-ins are always recorded.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "failures_then_success")


@check(
    id="AUD-018",
    step="auditlog",
    title="Teammates log in from places they know",
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    controls=(*_CONTROLS,),
    remediation=(_ASK, _REVIEW),
)
def new_addresses(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """A stolen password is used from somewhere else. Travel and home networks look the same.

    PASS: Every log-in came from an address that the teammate had used before.
    FAIL: One came from an address that is new for them.
    MANUAL: never, because an address is new or not, as far as the fetched history goes.
    NOT_APPLICABLE: never, because log-ins are always recorded.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "first_seen_address", "new_places")


@check(
    id="AUD-020",
    step="auditlog",
    title="Security is changed in working hours",
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    controls=_CONTROLS,
    remediation=(
        _ASK,
        "If the hours are ordinary, set `auditlog.working_hours` and `timezone` in policy.toml.",
    ),
)
def off_hours(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Intruders work when nobody looks.

    PASS: Whatever bears on security was done in the policy's working hours.
    FAIL: Something was not.
    MANUAL: never, because the time of a row says it.
    NOT_APPLICABLE: never, because every row has a time.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "off_hours")


@check(
    id="AUD-021",
    step="auditlog",
    title="Departed and dormant teammates are quiet",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    controls=("SOC 2 CC6.2", "ISO 27001 A.5.18", "CIS 5.3", "CIS 6.2"),
    remediation=("Remove the account: Settings > Teammates. Revoke the tokens it owned.", _REVIEW),
)
def departed_or_dormant(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
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
    yield from _judge(answers, reviews, "dormant_active", "departed_active")


@check(
    id="AUD-022",
    step="auditlog",
    title="Nobody does far more than usual",
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    controls=_CONTROLS,
    remediation=("Look at what was done on that day, and whether a script did it.", _REVIEW),
)
def peaks(answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]) -> Iterator[Outcome]:
    """A day of many times the usual is a script, a campaign, or somebody in a hurry.

    PASS: No teammate had such a day.
    FAIL: One had.
    MANUAL: never, because counts say it.
    NOT_APPLICABLE: never, because every teammate can act.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "peaks")


@check(
    id="AUD-012",
    step="auditlog",
    title="Tokens and secrets were changed by those who should",
    severity=Severity.HIGH,
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.16", "NIST CSF DE.CM-03"),
    remediation=(
        "Find the rotation or the ticket that this belongs to.",
        "If there is none, regenerate the token again and look at what the old one was used for.",
        _REVIEW,
    ),
)
def tokens_and_secrets(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """A regenerated token is in the hands of whoever regenerated it.

    PASS: No token or secret was changed, or a review has seen it.
    FAIL: One was, from an address new for the teammate or outside working hours.
    MANUAL: One was, from a usual place at a usual time; not reviewed.
    NOT_APPLICABLE: never, because every app has a token.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "token_regenerations", "secret_creations")


@check(
    id="AUD-013",
    step="auditlog",
    title="Nothing was exported or deleted unexpectedly",
    severity=Severity.HIGH,
    controls=("SOC 2 CC7.2", "ISO 27001 A.8.12", "NIST CSF DE.CM-03"),
    remediation=(
        "Ask who exported or deleted for the reason, and where the data went.",
        "Limit the permission to export under Settings > Teammates.",
        _REVIEW,
    ),
)
def data_taken_out(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Exports take customer data out of Intercom's reach; bulk deletions can't be undone.

    PASS: There was none, or a review has seen it.
    FAIL: There was one, from an address new for the teammate or outside working hours.
    MANUAL: There was one, from a usual place at a usual time; not reviewed.
    NOT_APPLICABLE: never, because any workspace can be exported.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "exports", "deletions")


@check(
    id="AUD-014",
    step="auditlog",
    title="Two-factor authentication was not switched off",
    severity=Severity.HIGH,
    controls=(*_CONTROLS, "CIS 6.3"),
    remediation=(
        _ASK,
        "Require two-factor authentication for everyone: Settings > Security.",
    ),
)
def two_factor(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Switching it off opens an account. A setting that never changed leaves no trace here.

    PASS: Nothing changed, or a review has seen it.
    FAIL: It was switched off, or changed from a new address or outside working hours.
    MANUAL: It was changed otherwise; not reviewed.
    NOT_APPLICABLE: never, because any account has the setting.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "two_factor_changes")


@check(
    id="AUD-015",
    step="auditlog",
    title="Sign-in and security settings are as the team left them",
    severity=Severity.HIGH,
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.16", "NIST CSF DE.CM-03"),
    remediation=(
        "Compare Settings > Security with what the team decided, and set it back.",
        _REVIEW,
    ),
)
def sign_in_settings(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Who may sign in how is decided in a few settings; each change of them matters.

    PASS: Nothing changed, or a review has seen it.
    FAIL: Something changed from a new address or outside working hours, or somebody signed in by a
        method that is not allowed.
    MANUAL: Something changed otherwise; not reviewed.
    NOT_APPLICABLE: never, because every workspace has the settings.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "sign_in_changes")


@check(
    id="AUD-016",
    step="auditlog",
    title="Intercom's staff looked in only when asked",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC6.3", "ISO 27001 A.5.23", "NIST CSF DE.CM-06"),
    remediation=(
        "Find the support case that the impersonation belongs to.",
        "Revoke the consent when the case is closed: Settings > Security.",
        _REVIEW,
    ),
)
def impersonation(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Intercom's staff can act as a teammate, with a consent that somebody has to give.

    PASS: Nobody was impersonated and no consent given, or a review has seen it.
    FAIL: It began without a consent in the 30 days before, or at an unusual time or place.
    MANUAL: A consent was given or used; not reviewed.
    NOT_APPLICABLE: never, because any workspace can be looked into.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "impersonation")


@check(
    id="AUD-017",
    step="auditlog",
    title="Permissions were changed by those who should",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC6.2", "ISO 27001 A.5.18", "NIST CSF PR.AA-05", "CIS 6.1"),
    remediation=("Compare the role with the person's work: Settings > Teammates.", _REVIEW),
)
def permissions(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """Rights grow unseen. Each change of a role, a permission or an invitation has a reason.

    PASS: Nothing changed, or a review has seen it.
    FAIL: Something changed from a new address or outside working hours.
    MANUAL: Something changed otherwise; not reviewed.
    NOT_APPLICABLE: never, because every teammate has permissions.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "permission_changes")


@check(
    id="AUD-019",
    step="auditlog",
    title="Apps and webhooks are known",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.9", "NIST CSF DE.CM-09"),
    remediation=("Remove what nobody knows: Settings > Apps, and the Developer Hub.", _REVIEW),
)
def apps_and_webhooks(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """An app or a webhook is a standing way out for data.

    PASS: None was added or removed, or a review has seen it.
    FAIL: One was, from a new address or outside working hours.
    MANUAL: One was, otherwise; not reviewed.
    NOT_APPLICABLE: never, because any workspace can have them.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "app_installs", "webhook_changes")


def _judge(
    answers: tuple[QuestionResult, ...], reviews: tuple[Review, ...], *names: str
) -> Iterator[Outcome]:
    """Judge the answers of these questions, teammate by teammate."""
    for answer in answers:
        if answer.question not in names:
            continue
        if not answer.count:
            resource = Resource(kind="question", key=answer.question, name=answer.title)
            yield passed(resource, "Nothing in the period.", *_asked(answer))
            continue
        rows = sorted(answer.rows, key=lambda row: row.actor)
        for actor, found in groupby(rows, key=lambda row: row.actor):
            yield _of_teammate(answer, actor, tuple(found), reviews)
        if answer.count > len(answer.rows):
            more = answer.count - len(answer.rows)
            resource = Resource(kind="question", key=answer.question, name=answer.title)
            yield manual(resource, f"{more} more rows than a report holds: `runbook auditlog ask`.")


def _of_teammate(
    answer: QuestionResult, actor: str, rows: tuple[ActivityRow, ...], reviews: tuple[Review, ...]
) -> Outcome:
    name = f"{answer.title}: {actor or 'unknown'}"
    resource = Resource(kind="activity", key=f"{answer.question}/{actor}", name=name)
    flagged = [row for row in rows if row.flags]
    if flagged:
        flags = ", ".join(sorted({flag for row in flagged for flag in row.flags}))
        return failed(resource, f"{_times(flagged)} {flags}.", *_shown(flagged))
    waiting = [row for row in rows if not _reviewed(row, reviews)]
    if waiting:
        return manual(resource, f"{_times(waiting)}: expected?", *_shown(waiting))
    return passed(resource, f"{_times(rows)}, reviewed.", *_shown(rows))


def _times(rows: Iterable[ActivityRow]) -> str:
    count = len(tuple(rows))
    return "Once" if count == 1 else f"{count} times"


def _shown(rows: Iterable[ActivityRow]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            what=row.detail or row.activity,
            where=f"{row.at:%Y-%m-%d %H:%M} UTC, {row.ip or 'no address'}",
        )
        for row in collapse_repeats(tuple(rows))[:_SHOWN]
    )


def _asked(answer: QuestionResult) -> tuple[Evidence, ...]:
    told = ", ".join(f"{name} = {value}" for name, value in answer.parameters)
    return (Evidence(what=f"asked with {told}"),) if told else ()


def _reviewed(row: ActivityRow, reviews: tuple[Review, ...]) -> bool:
    return any(review.period_from <= row.at < review.period_to for review in reviews)
