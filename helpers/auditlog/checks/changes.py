"""What Intercom's activity log says was changed: keys, data, settings, rights, apps."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.auditlog.checks.rows import ASK, CONTROLS, REVIEW, judge
from helpers.auditlog.records import Answer, Review
from helpers.core.catalog import check
from helpers.core.model import Outcome, Severity


@check(
    id="AUD-012",
    step="auditlog",
    title="Tokens and secrets were changed by those who should",
    severity=Severity.HIGH,
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.16", "NIST CSF DE.CM-03"),
    remediation=(
        "Find the rotation or the ticket that this belongs to.",
        "If there is none, regenerate the token again and look at what the old one was used for.",
        REVIEW,
    ),
)
def tokens_and_secrets(
    answers: tuple[Answer, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """A regenerated token is in the hands of whoever regenerated it.

    PASS: No token or secret was changed, or a review has seen it.
    FAIL: One was, from an address new for the teammate or outside working hours.
    MANUAL: One was, from a usual place at a usual time; not reviewed.
    NOT_APPLICABLE: never, because every app has a token.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "token_regenerations", "secret_creations")


@check(
    id="AUD-013",
    step="auditlog",
    title="Nothing was exported or deleted unexpectedly",
    severity=Severity.HIGH,
    controls=("SOC 2 CC7.2", "ISO 27001 A.8.12", "NIST CSF DE.CM-03"),
    remediation=(
        "Ask who exported or deleted for the reason, and where the data went.",
        "Limit the permission to export under Settings > Teammates.",
        REVIEW,
    ),
)
def data_taken_out(answers: tuple[Answer, ...], reviews: tuple[Review, ...]) -> Iterator[Outcome]:
    """Exports take customer data out of Intercom's reach; bulk deletions can't be undone.

    PASS: There was none, or a review has seen it.
    FAIL: There was one, from an address new for the teammate or outside working hours.
    MANUAL: There was one, from a usual place at a usual time; not reviewed.
    NOT_APPLICABLE: never, because any workspace can be exported.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "exports", "deletions")


@check(
    id="AUD-014",
    step="auditlog",
    title="Two-factor authentication was not switched off",
    severity=Severity.HIGH,
    controls=(*CONTROLS, "CIS 6.3"),
    remediation=(
        ASK,
        "Require two-factor authentication for everyone: Settings > Security.",
    ),
)
def two_factor(answers: tuple[Answer, ...], reviews: tuple[Review, ...]) -> Iterator[Outcome]:
    """Switching it off opens an account. A setting that never changed leaves no trace here.

    PASS: Nothing changed, or a review has seen it.
    FAIL: It was switched off, or changed from a new address or outside working hours.
    MANUAL: It was changed otherwise; not reviewed.
    NOT_APPLICABLE: never, because any account has the setting.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "two_factor_changes")


@check(
    id="AUD-015",
    step="auditlog",
    title="Sign-in and security settings are as the team left them",
    severity=Severity.HIGH,
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.16", "NIST CSF DE.CM-03"),
    remediation=(
        "Compare Settings > Security with what the team decided, and set it back.",
        REVIEW,
    ),
)
def sign_in_settings(answers: tuple[Answer, ...], reviews: tuple[Review, ...]) -> Iterator[Outcome]:
    """Who may sign in how is decided in a few settings; each change of them matters.

    PASS: Nothing changed, or a review has seen it.
    FAIL: Something changed from a new address or outside working hours, or somebody signed in by a
        method that is not allowed.
    MANUAL: Something changed otherwise; not reviewed.
    NOT_APPLICABLE: never, because every workspace has the settings.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "sign_in_changes")


@check(
    id="AUD-016",
    step="auditlog",
    title="Intercom's staff looked in only when asked",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC6.3", "ISO 27001 A.5.23", "NIST CSF DE.CM-06"),
    remediation=(
        "Find the support case that the impersonation belongs to.",
        "Revoke the consent when the case is closed: Settings > Security.",
        REVIEW,
    ),
)
def impersonation(answers: tuple[Answer, ...], reviews: tuple[Review, ...]) -> Iterator[Outcome]:
    """Intercom's staff can act as a teammate, with a consent that somebody has to give.

    PASS: Nobody was impersonated and no consent given, or a review has seen it.
    FAIL: It began without a consent in the 30 days before, or at an unusual time or place.
    MANUAL: A consent was given or used; not reviewed.
    NOT_APPLICABLE: never, because any workspace can be looked into.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "impersonation")


@check(
    id="AUD-017",
    step="auditlog",
    title="Permissions were changed by those who should",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC6.2", "ISO 27001 A.5.18", "NIST CSF PR.AA-05", "CIS 6.1"),
    remediation=("Compare the role with the person's work: Settings > Teammates.", REVIEW),
)
def permissions(answers: tuple[Answer, ...], reviews: tuple[Review, ...]) -> Iterator[Outcome]:
    """Rights grow unseen. Each change of a role, a permission or an invitation has a reason.

    PASS: Nothing changed, or a review has seen it.
    FAIL: Something changed from a new address or outside working hours.
    MANUAL: Something changed otherwise; not reviewed.
    NOT_APPLICABLE: never, because every teammate has permissions.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "permission_changes")


@check(
    id="AUD-019",
    step="auditlog",
    title="Apps and webhooks are known",
    severity=Severity.MEDIUM,
    controls=("SOC 2 CC7.1", "ISO 27001 A.8.9", "NIST CSF DE.CM-09"),
    remediation=("Remove what nobody knows: Settings > Apps, and the Developer Hub.", REVIEW),
)
def apps_and_webhooks(
    answers: tuple[Answer, ...], reviews: tuple[Review, ...]
) -> Iterator[Outcome]:
    """An app or a webhook is a standing way out for data.

    PASS: None was added or removed, or a review has seen it.
    FAIL: One was, from a new address or outside working hours.
    MANUAL: One was, otherwise; not reviewed.
    NOT_APPLICABLE: never, because any workspace can have them.
    ERROR: The activity log could not be read.
    """
    yield from judge(answers, reviews, "app_installs", "webhook_changes")
