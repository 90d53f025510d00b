"""What Intercom's activity log shows of changes: to keys, data, settings, rights and apps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from helpers.auditlog.checks.rows import ASK, CONTROLS, REVIEW, judged_rows
from helpers.auditlog.records import QuestionResult, Review
from helpers.core.catalog import check
from helpers.core.click_paths import click_path
from helpers.core.model import Confidence, Outcome, Severity

_METHODS: Final = click_path("authentication_methods")
_ROLES: Final = click_path("roles")
_SECURITY: Final = click_path("security")


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
        REVIEW,
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
    yield from judged_rows(
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
        REVIEW,
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
    yield from judged_rows(answers, reviews, "exports", "deletions", first_audit=first_audit)


@check(
    id="AUD-014",
    step="auditlog",
    partial=("answers",),
    title="Two-factor authentication was not switched off",
    fails="Two-factor authentication was switched off",
    severity=Severity.HIGH,
    controls=(*CONTROLS, "CIS 6.3"),
    remediation=(
        ASK,
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
    yield from judged_rows(answers, reviews, "two_factor_changes", first_audit=first_audit)


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
        REVIEW,
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
    yield from judged_rows(answers, reviews, "sign_in_changes", first_audit=first_audit)


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
        REVIEW,
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
    yield from judged_rows(answers, reviews, "impersonation", first_audit=first_audit)


@check(
    id="AUD-017",
    step="auditlog",
    partial=("answers",),
    title="Permission changes were authorised",
    fails="Permissions changed and nobody authorised it",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC6.2", "ISO 27001 A.5.18", "NIST CSF PR.AA-05", "CIS 6.1"),
    remediation=(f"Compare the role with the person's work: {_ROLES}.", REVIEW),
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
    yield from judged_rows(answers, reviews, "permission_changes", first_audit=first_audit)


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
        REVIEW,
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
    yield from judged_rows(
        answers, reviews, "app_installs", "webhook_changes", first_audit=first_audit
    )


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
        ASK,
        REVIEW,
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
    yield from judged_rows(answers, reviews, "unknown_security", first_audit=first_audit)
