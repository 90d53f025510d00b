"""What no API tells: a person looks, answers with `runbook attest`, and the answer goes stale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from helpers.catalog import check
from helpers.intercom.records import Attestation
from helpers.model import Evidence, Outcome, Resource, Severity, failed, manual, passed

__all__ = [
    "password_sign_in_is_off",
    "roles_were_reviewed",
    "sessions_end",
    "two_factor_is_enforced",
]


def _answered(
    question: str, attestations: tuple[Attestation, ...], now: datetime, look: str
) -> Iterator[Outcome]:
    asked = Resource(kind="question", key=question, name=question.replace("-", " "))
    found = next((a for a in attestations if a.question == question), None)
    if found is None:
        yield manual(asked, f"{look} Then answer: `runbook attest {question}`.")
        return
    evidence = f", evidence {found.evidence_sha256[:16]}" if found.evidence_sha256 else ""
    seen = Evidence(what=f"{found.by} said {found.answer} on {found.on}{evidence}")
    if found.expires < now.date():
        yield manual(asked, f"The answer went stale on {found.expires}. {look}", seen)
    elif found.answer == "yes":
        yield passed(asked, f"Attested until {found.expires}.", seen)
    else:
        yield failed(asked, f"Attested not to be so by {found.by}.", seen)


@check(
    id="ACC-012",
    step="access",
    title="Two-factor authentication is enforced",
    severity=Severity.HIGH,
    remediation=(
        "Open Intercom > Settings > Security, and require two-factor authentication.",
        "Answer `runbook attest two-factor` again.",
    ),
    references=("https://www.intercom.com/help/en/articles/181",),
    controls=("ISO 27001 A.8.5", "NIST CSF PR.AA-03", "CIS 6.3"),
)
def two_factor_is_enforced(
    attestations: tuple[Attestation, ...], now: datetime
) -> Iterator[Outcome]:
    """A password alone is phished. Intercom's API does not say whether two factors are enforced.

    PASS: a person attested it, and the answer is not stale.
    FAIL: a person attested that it is not so.
    MANUAL: nobody answered, or the answer went stale.
    NOT_APPLICABLE: never, because every workspace has people who sign in.
    ERROR: the attestations could not be read.
    """
    look = "Look at Intercom > Settings > Security: is two-factor authentication required?"
    yield from _answered("two-factor", attestations, now, look)


@check(
    id="ACC-013",
    step="access",
    title="Nobody signs in with a password",
    severity=Severity.MEDIUM,
    remediation=(
        "Open Intercom > Settings > Security > Authentication methods.",
        "Leave single sign-on (SAML or Google), and switch e-mail and password off.",
        "Answer `runbook attest single-sign-on` again.",
    ),
    references=("https://www.intercom.com/help/en/articles/181",),
    controls=("ISO 27001 A.8.5", "NIST CSF PR.AA-03"),
)
def password_sign_in_is_off(
    attestations: tuple[Attestation, ...], now: datetime
) -> Iterator[Outcome]:
    """Who leaves the company leaves its identity provider, and with it everything behind SSO.

    PASS: a person attested it, and the answer is not stale.
    FAIL: a person attested that it is not so.
    MANUAL: nobody answered, or the answer went stale.
    NOT_APPLICABLE: never, because every workspace has people who sign in.
    ERROR: the attestations could not be read.
    """
    look = "Look at Intercom > Settings > Security: which ways to sign in are on?"
    yield from _answered("single-sign-on", attestations, now, look)


@check(
    id="ACC-014",
    step="access",
    title="Roles have been reviewed",
    severity=Severity.LOW,
    remediation=(
        "Open Intercom > Settings > Workspace > Roles, and look at what each role allows.",
        "Answer `runbook attest roles` again.",
    ),
    controls=("SOC 2 CC6.3", "ISO 27001 A.5.18", "CIS 6.8"),
)
def roles_were_reviewed(attestations: tuple[Attestation, ...], now: datetime) -> Iterator[Outcome]:
    """The API tells a role's name, not what it allows.

    PASS: a person attested it, and the answer is not stale.
    FAIL: a person attested that it is not so.
    MANUAL: nobody answered, or the answer went stale.
    NOT_APPLICABLE: never, because every workspace has roles.
    ERROR: the attestations could not be read.
    """
    look = "Look at Intercom > Settings > Workspace > Roles: who may export, and who may invite?"
    yield from _answered("roles", attestations, now, look)


@check(
    id="ACC-015",
    step="access",
    title="Sessions end by themselves",
    severity=Severity.LOW,
    remediation=(
        "Open Intercom > Settings > Security > Session length, and choose a limit.",
        "Answer `runbook attest sessions` again.",
    ),
    controls=("ISO 27001 A.8.5",),
)
def sessions_end(attestations: tuple[Attestation, ...], now: datetime) -> Iterator[Outcome]:
    """A laptop that is left open is a workspace that is left open.

    PASS: a person attested it, and the answer is not stale.
    FAIL: a person attested that it is not so.
    MANUAL: nobody answered, or the answer went stale.
    NOT_APPLICABLE: never, because every workspace has sessions.
    ERROR: the attestations could not be read.
    """
    look = "Look at Intercom > Settings > Security: is there a session length?"
    yield from _answered("sessions", attestations, now, look)
