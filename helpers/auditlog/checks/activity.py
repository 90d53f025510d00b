"""What Intercom's activity log shows: log-ins, and changes to keys, data, settings and rights.

Every check judges the rows of its questions in the same way, one teammate at a time. Rows that
stand out (a new address, at night, …) fail. Other rows need a person, unless a review covers their
time. No row passes by itself. Rows from before the first audit are one item for each question; a
takeover, an account that should be gone (AUD-010, AUD-021) and what else such an account did are
never history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from helpers.auditlog.records import (
    ActivityRow,
    QuestionResult,
    Review,
    collapse_repeats,
    row_digest,
)
from helpers.core.catalog import check
from helpers.core.click_paths import click_path
from helpers.core.model import (
    HISTORY,
    Confidence,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    history,
    manual,
    passed,
    unclear,
)

_METHODS: Final = click_path("authentication_methods")
_ROLES: Final = click_path("roles")
_SECURITY: Final = click_path("security")
_TEAMMATES: Final = click_path("teammates")
_ASK: Final = "Ask the teammate outside Intercom whether it was them."
_CONTROLS: Final = ("SOC 2 CC7.2", "ISO 27001 A.8.16", "NIST CSF DE.CM-03")
_REVIEW: Final = "If it was expected, sign for the period with `runbook review`, or waive it."
_SHOWN: Final = 8
_LIVE: Final = ("takeover", "dormant_active", "departed_active")
_GUESSED: Final = "failures_then_success"


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
        _ASK,
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
    """Failed log-ins, a success from a new address, then a protection is disabled or data taken.

    PASS: No such sequence in the period.
    FAIL: An account shows the sequence.
    MANUAL: There is a sequence without a new address or unusual hour; not reviewed.
    NOT_APPLICABLE: never, because every workspace has accounts.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "takeover")


@check(
    id="AUD-011",
    step="auditlog",
    partial=("answers",),
    title="No log-in after repeated failures",
    fails="An account logged in after repeated failures",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    controls=_CONTROLS,
    remediation=(
        _ASK,
        "If not, the teammate resets the password by the link on the sign-in page.",
        f"Enforce two-factor authentication or single sign-on: {_METHODS}.",
        _REVIEW,
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
    yield from _judge(answers, reviews, "failures_then_success", first_audit=first_audit)


@check(
    id="AUD-018",
    step="auditlog",
    partial=("answers",),
    title="Teammates log in from known addresses",
    fails="A teammate logged in from an unknown address",
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    controls=(*_CONTROLS,),
    remediation=(_ASK, _REVIEW),
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
    yield from _judge(answers, reviews, "first_seen_address", "new_places", first_audit=first_audit)


@check(
    id="AUD-020",
    step="auditlog",
    partial=("answers",),
    title="Security changes are made in working hours",
    fails="A security change was made outside working hours",
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    controls=_CONTROLS,
    remediation=(
        _ASK,
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
    yield from _judge(answers, reviews, "off_hours", first_audit=first_audit)


@check(
    id="AUD-021",
    step="auditlog",
    partial=("answers",),
    title="Departed and dormant accounts are not active",
    fails="A departed or dormant account is active",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    controls=("SOC 2 CC6.2", "ISO 27001 A.5.18", "CIS 5.3", "CIS 6.2"),
    remediation=(f"Remove the account: {_TEAMMATES}. Revoke the tokens it owned.", _REVIEW),
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
    yield from _judge(answers, reviews, "dormant_active", "departed_active")


@check(
    id="AUD-022",
    step="auditlog",
    partial=("answers",),
    title="Nobody does far more than usual",
    fails="A teammate does far more than usual",
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    controls=_CONTROLS,
    remediation=("Check what was done on that day, and whether a script did it.", _REVIEW),
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
    yield from _judge(answers, reviews, "peaks", first_audit=first_audit)


@check(
    id="AUD-012",
    step="auditlog",
    partial=("answers",),
    title="Token and secret changes were authorised",
    fails="A token or secret changed and nobody authorised it",
    severity=Severity.HIGH,
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.16", "NIST CSF DE.CM-03"),
    remediation=(
        "Find the rotation or the ticket for this change.",
        "If there is none, regenerate the token again and check what the old one was used for.",
        _REVIEW,
    ),
)
def tokens_and_secrets(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """Whoever regenerates a token has it.

    PASS: No token or secret was changed, or a review covers it.
    FAIL: One was, from an address new to the teammate or outside working hours.
    MANUAL: One was, from a usual address at a usual time, or it was before the
        first audit; not reviewed.
    NOT_APPLICABLE: never, because every app has a token.
    ERROR: The activity log could not be read.
    """
    yield from _judge(
        answers, reviews, "token_regenerations", "secret_creations", first_audit=first_audit
    )


@check(
    id="AUD-013",
    step="auditlog",
    partial=("answers",),
    title="Nothing was exported or deleted unexpectedly",
    fails="Data was exported or deleted unexpectedly",
    severity=Severity.HIGH,
    controls=("SOC 2 CC7.2", "ISO 27001 A.8.12", "NIST CSF DE.CM-03"),
    remediation=(
        "Ask the teammate why they exported or deleted data, and where it went.",
        f"Limit the permission to export: {_ROLES}.",
        _REVIEW,
    ),
)
def data_taken_out(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """Exports take customer data out of Intercom's reach; bulk deletions can't be undone.

    PASS: Nothing was exported or deleted, or a review covers it.
    FAIL: Something was, from an address new to the teammate or outside working hours.
    MANUAL: Something was, from a usual address at a usual time, or it was before the
        first audit; not reviewed.
    NOT_APPLICABLE: never, because any workspace can be exported.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "exports", "deletions", first_audit=first_audit)


@check(
    id="AUD-014",
    step="auditlog",
    partial=("answers",),
    title="Two-factor authentication was not switched off",
    fails="Two-factor authentication was switched off",
    severity=Severity.HIGH,
    controls=(*_CONTROLS, "CIS 6.3"),
    remediation=(
        _ASK,
        f"Require two-factor authentication for everyone: {_METHODS}.",
    ),
)
def two_factor(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """Without it a password opens the account. A setting that never changed leaves no trace here.

    PASS: Nothing changed, or a review covers it.
    FAIL: It was switched off, or changed from a new address or outside working hours.
    MANUAL: It was changed from a usual address at a usual time, or it was before the
        first audit; not reviewed.
    NOT_APPLICABLE: never, because every account has the setting.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "two_factor_changes", first_audit=first_audit)


@check(
    id="AUD-015",
    step="auditlog",
    partial=("answers",),
    title="Sign-in and security settings are unchanged",
    fails="Sign-in or security settings were changed",
    severity=Severity.HIGH,
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.16", "NIST CSF DE.CM-03"),
    remediation=(
        f"Compare {_SECURITY} with what the team decided, and restore it.",
        _REVIEW,
    ),
)
def sign_in_settings(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """A few settings decide who may sign in and how; every change to them matters.

    PASS: Nothing changed, or a review covers it.
    FAIL: Something changed from a new address or outside working hours, or somebody signed in by a
        method that is not allowed.
    MANUAL: Something changed from a usual address at a usual time, or it was before the
        first audit; not reviewed.
    NOT_APPLICABLE: never, because every workspace has the settings.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "sign_in_changes", first_audit=first_audit)


@check(
    id="AUD-016",
    step="auditlog",
    partial=("answers",),
    title="Intercom's staff had consent for every access",
    fails="Intercom's staff had access without consent",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC6.3", "ISO 27001 A.5.23", "NIST CSF DE.CM-06"),
    remediation=(
        "Find the support case for the impersonation.",
        f"Revoke the consent when the case is closed; look for it in {_SECURITY}.",
        _REVIEW,
    ),
)
def impersonation(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """Intercom's staff can act as a teammate if somebody in the workspace consents.

    PASS: Nobody was impersonated and no consent was given, or a review covers it.
    FAIL: It began without a consent in the 30 days before, or at an unusual time or address.
    MANUAL: A consent was given or used, or all was before the first audit; not reviewed.
    NOT_APPLICABLE: never, because Intercom's staff can be admitted to any workspace.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "impersonation", first_audit=first_audit)


@check(
    id="AUD-017",
    step="auditlog",
    partial=("answers",),
    title="Permission changes were authorised",
    fails="Permissions changed and nobody authorised it",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC6.2", "ISO 27001 A.5.18", "NIST CSF PR.AA-05", "CIS 6.1"),
    remediation=(f"Compare the role with the person's work: {_ROLES}.", _REVIEW),
)
def permissions(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """Permissions grow unnoticed. Each change to a role, permission or invitation needs a reason.

    PASS: Nothing changed, or a review covers it.
    FAIL: Something changed from a new address or outside working hours.
    MANUAL: Something changed from a usual address at a usual time, or it was before the
        first audit; not reviewed.
    NOT_APPLICABLE: never, because every teammate has permissions.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "permission_changes", first_audit=first_audit)


@check(
    id="AUD-019",
    step="auditlog",
    partial=("answers",),
    title="Apps and webhooks are known",
    fails="An unknown app or webhook was added",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.9", "NIST CSF DE.CM-09"),
    remediation=(
        f"Remove what nobody recognises: {click_path('hub_apps')}.",
        _REVIEW,
    ),
)
def apps_and_webhooks(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """An app or a webhook keeps sending data out of the workspace.

    PASS: None was added or removed, or a review covers it.
    FAIL: One was, from a new address or outside working hours.
    MANUAL: One was, from a usual address at a usual time, or it was before the
        first audit; not reviewed.
    NOT_APPLICABLE: never, because every workspace can have them.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "app_installs", "webhook_changes", first_audit=first_audit)


@check(
    id="AUD-023",
    step="auditlog",
    partial=("answers",),
    title="Every security-related kind of activity is known",
    fails="Unknown security-related activity stands out",
    severity=Severity.MEDIUM,
    confidence=Confidence.LOW,
    controls=("SOC 2 CC7.2", "ISO 27001 A.8.15", "NIST CSF DE.AE-02"),
    remediation=(
        "Find out what the activity is: Intercom adds types that its API description lacks.",
        _ASK,
        _REVIEW,
    ),
)
def unknown_kinds(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    first_audit: datetime | None,
) -> Iterator[Outcome]:
    """A type that this runbook does not know may be a new way to take over an account.

    Types count whose name contains token, key, auth, secret, role, export or security.

    PASS: There was none, or a review covers it.
    FAIL: There was one, from an address new to the teammate or outside working hours.
    MANUAL: There was one, from a usual address at a usual time, or it was before the
        first audit; not reviewed.
    NOT_APPLICABLE: never, because Intercom can add types at any time.
    ERROR: The activity log could not be read.
    """
    yield from _judge(answers, reviews, "unknown_security", first_audit=first_audit)


def _judge(
    answers: tuple[QuestionResult, ...],
    reviews: tuple[Review, ...],
    *names: str,
    first_audit: datetime | None = None,
) -> Iterator[Outcome]:
    """Judge the results of these questions, one teammate at a time; a missing one is an ERROR.

    What was before the first audit is history, except of accounts that may be in wrong hands now.
    """
    found = {answer.question: answer for answer in answers}
    live = _live_accounts(answers)
    for name in names:
        if name in found:
            answer = found[name]
            old: list[ActivityRow] = []
            fresh: list[ActivityRow] = []
            for row in answer.rows:
                is_old = first_audit and row.at < first_audit and row.actor not in live
                (old if is_old else fresh).append(row)
            yield from _of_question(answer, fresh, reviews)
            if old and first_audit:
                yield _of_history(answer, old, reviews, first_audit)
        else:
            resource = Resource(kind="question", key=name)
            yield unclear(resource, "The activity log was not asked this question.")


def _live_accounts(answers: Iterable[QuestionResult]) -> set[str]:
    """The accounts that somebody else may be using now, whenever that began."""
    rows = [(answer.question, row) for answer in answers for row in answer.rows]
    return {row.actor for name, row in rows if name in _LIVE or (name == _GUESSED and row.flags)}


def _of_question(
    answer: QuestionResult, fresh: Iterable[ActivityRow], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    resource = Resource(kind="question", key=answer.question, name=answer.title)
    if answer.count < len(answer.rows) or (answer.count and not answer.rows):
        message = f"{answer.count} rows answer this, but {len(answer.rows)} are here."
        yield unclear(resource, message)
    if not answer.count and not answer.rows:
        yield passed(resource, "Nothing in the period.", *_parameters(answer))
    rows = sorted(fresh, key=lambda row: row.actor)
    for actor, of_actor in groupby(rows, key=lambda row: row.actor):
        yield _of_teammate(answer, actor, tuple(of_actor), reviews)
    if answer.count > len(answer.rows):
        more = answer.count - len(answer.rows)
        yield manual(
            resource, f"{more} more rows than a report shows: `runbook auditlog ask` lists them."
        )


def _of_history(
    answer: QuestionResult,
    rows: Sequence[ActivityRow],
    reviews: tuple[Review, ...],
    first_audit: datetime,
) -> Outcome:
    """One item for all teammates. What stands out comes first, and passes only by a review."""
    name = f"{answer.title}: {_times(rows).lower()} before the first audit"
    waiting = [row for row in rows if not _reviewed(row, reviews)]
    if not waiting:
        resource = Resource(kind=HISTORY, key=answer.question, name=name)
        return passed(resource, f"{_times(rows)}, reviewed.", *_shown(rows))
    standing_out_first = sorted(waiting, key=lambda row: (not row.flags, row.at))
    return history(answer.question, name, first_audit, *_shown(standing_out_first))


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


def _parameters(answer: QuestionResult) -> tuple[Evidence, ...]:
    used = ", ".join(f"{name} = {value}" for name, value in answer.parameters)
    return (Evidence(what=f"asked with {used}"),) if used else ()


def _reviewed(row: ActivityRow, reviews: tuple[Review, ...]) -> bool:
    """Whether somebody who signed for its time saw this row, as it is now."""
    seen = row_digest(row)
    return any(
        seen in r.seen and r.period_from <= row.at < min(r.period_to, r.signed_at) for r in reviews
    )
