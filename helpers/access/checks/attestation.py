"""Settings that no API reports: a person answers with `runbook attest`, and the answer expires."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from helpers.access.records import Attestation
from helpers.core.catalog import Check, check
from helpers.core.click_paths import click_path
from helpers.core.model import Evidence, Outcome, Resource, Severity, failed, manual, passed

__all__ = [
    "answered",
    "password_sign_in_is_off",
    "roles_were_reviewed",
    "sessions_end",
    "two_factor_is_enforced",
]


def answered(
    about: Resource,
    question: str,
    attestations: Iterable[Attestation],
    now: datetime,
    look: str,
    *,
    token: str | None = None,
) -> Outcome:
    """The verdict of a person's answer; `look` says where to check when there is none.

    `token` is the fingerprint of the token that the question is about, if it is about one: an
    answer for another token, or for none, is no answer.
    """
    given = [a for a in attestations if a.question == question]
    if not given:
        return manual(about, f"{look} Then answer: `runbook attest {question}`.")
    found = max(given, key=lambda a: (a.on, a.answer != "yes"))  # of one day, the “no” counts
    evidence = f", evidence {found.evidence_sha256[:16]}" if found.evidence_sha256 else ""
    seen = Evidence(what=f"{found.by} said {found.answer} on {found.on}{evidence}")
    doubt = _doubt(found, now, token)
    if doubt:
        return manual(about, f"{doubt} {look} Then answer: `runbook attest {question}`.", seen)
    if found.answer == "yes":
        return passed(about, f"Attested until {found.expires}.", seen)
    return failed(about, f"{found.by} attested that it is not so.", seen)


def _doubt(found: Attestation, now: datetime, token: str | None) -> str:
    """Why an answer does not count; "" if it does."""
    if token is not None and (not token or found.fingerprint != token):
        return "The answer is about another token."
    if found.on > now.date():
        return f"The answer is dated {found.on}, which is in the future."
    if found.expires - found.on > _LONGEST:
        return f"An answer can't hold until {found.expires}."
    return f"The answer expired on {found.expires}." if found.expires < now.date() else ""


_LONGEST: Final = timedelta(days=3650)
_METHODS: Final = click_path("authentication_methods")
_SESSIONS: Final = click_path("session_length")
_ROLES: Final = click_path("roles")
_SIGN_IN: Final = ("https://www.intercom.com/help/en/articles/181",)
_VERDICTS: Final = """

PASS: a person attested it, and the answer has not expired.
FAIL: a person attested that it is not so.
MANUAL: nobody answered, or the answer expired.
NOT_APPLICABLE: never, because every workspace has this setting.
ERROR: the attestations could not be read.
"""


def _attested(
    check_id: str,
    question: str,
    title: str,
    fails: str,
    severity: Severity,
    *,
    why: str,
    look: str,
    fix: tuple[str, ...],
    controls: tuple[str, ...],
    references: tuple[str, ...] = (),
) -> Check:
    """A check that a person answers: `look` says where, `fix` what to do after a “no”."""
    asked = Resource(kind="question", key=question, name=question.replace("-", " "))

    def attested(attestations: tuple[Attestation, ...], now: datetime) -> Iterator[Outcome]:
        yield answered(asked, question, attestations, now, look)

    attested.__doc__ = why + _VERDICTS
    return check(
        id=check_id,
        step="access",
        title=title,
        fails=fails,
        severity=severity,
        remediation=(*fix, f"Answer `runbook attest {question}` again."),
        references=references,
        controls=controls,
    )(attested)


two_factor_is_enforced = _attested(
    "ACC-012",
    "two-factor",
    "Two-factor authentication is enforced",
    "Two-factor authentication is not enforced",
    Severity.HIGH,
    why=("Passwords are phished. Intercom's API does not say whether two factors are enforced."),
    look=f"Check {_METHODS}: is two-factor authentication required?",
    fix=(
        f"Open {_METHODS}, and require two-factor authentication.",
        "Each teammate then enrols a device of their own.",
    ),
    references=_SIGN_IN,
    controls=("ISO 27001 A.8.5", "NIST CSF PR.AA-03", "CIS 6.3"),
)

password_sign_in_is_off = _attested(
    "ACC-013",
    "single-sign-on",
    "Nobody signs in with a password",
    "Teammates can sign in with a password",
    Severity.MEDIUM,
    why="Someone who leaves the company loses their SSO account, and with it all access behind it.",
    look=f"Check {_METHODS}: which sign-in methods are on?",
    fix=(
        f"Open {_METHODS}.",
        "Leave single sign-on (SAML or Google), and switch e-mail and password off.",
    ),
    references=_SIGN_IN,
    controls=("ISO 27001 A.8.5", "NIST CSF PR.AA-03"),
)

roles_were_reviewed = _attested(
    "ACC-014",
    "roles",
    "Roles have been reviewed",
    "Roles have not been reviewed",
    Severity.LOW,
    why="The API reports a role's name, not what it allows.",
    look=f"Check {_ROLES}: who may export, and who may invite?",
    fix=(f"Open {_ROLES}, and review what each role allows.",),
    controls=("SOC 2 CC6.3", "ISO 27001 A.5.18", "CIS 6.8"),
)

sessions_end = _attested(
    "ACC-015",
    "sessions",
    "Sessions end automatically",
    "Sessions do not end automatically",
    Severity.LOW,
    why="An unattended laptop is an open workspace.",
    look=f"Check {_SESSIONS}: do teammates have to sign in again after a set time?",
    fix=(
        f"Open {_SESSIONS}.",
        "Switch on that teammates have to re-authenticate after a set period of time.",
    ),
    controls=("ISO 27001 A.8.5",),
)
