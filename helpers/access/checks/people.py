"""The teammates: their addresses, what they may do, and whether they are still active."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from helpers.access.checks.attestation import answered
from helpers.access.records import Attestation, SecurityEvent
from helpers.core.catalog import check
from helpers.core.model import (
    Confidence,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    manual,
    not_applicable,
    passed,
)
from helpers.core.policy import Policy
from helpers.intercom.records import Teammate

__all__ = [
    "everybody_has_a_role",
    "few_have_full_access",
    "nobody_is_dormant",
    "security_events_were_explained",
    "teammates_are_of_the_company",
]

_ALL: Final = Resource(kind="workspace", key="teammates")
_WHERE: Final = "Intercom > Settings > Workspace > Teammates"


def _person(teammate: Teammate) -> Resource:
    return Resource(kind="teammate", key=teammate.id, name=teammate.name or teammate.id)


def _nobody() -> Outcome:
    return not_applicable(_ALL, "The workspace has no teammates.")


@check(
    id="ACC-001",
    step="access",
    title="Teammates have company e-mail addresses",
    fails="A teammate's address is outside the company",
    severity=Severity.HIGH,
    remediation=(
        f"Open {_WHERE}.",
        "Ask who invited this teammate; remove them, or invite their company address instead.",
        "A partner who has to stay: add the domain to access.allowed_domains in policy.toml.",
    ),
    controls=("SOC 2 CC6.2", "ISO 27001 A.5.16", "NIST CSF PR.AA-01", "CIS 6.1"),
)
def teammates_are_of_the_company(
    teammates: tuple[Teammate, ...], policy: Policy
) -> Iterator[Outcome]:
    """An address that your company does not run keeps its access when somebody leaves.

    PASS: every teammate's address is of an allowed domain.
    FAIL: one is not.
    MANUAL: the policy allows no domain, so nothing can be compared.
    NOT_APPLICABLE: the workspace has no teammates.
    ERROR: the teammates could not be read.
    """
    allowed = {domain.lower() for domain in policy.access.allowed_domains}
    if not teammates:
        yield _nobody()
    elif not allowed:
        domains = ", ".join(sorted({_domain(t) for t in teammates}))
        yield manual(_ALL, f"Write access.allowed_domains into policy.toml. In use: {domains}.")
    else:
        strangers = [t for t in teammates if _domain(t) not in allowed]
        for one in strangers:
            yield failed(
                _person(one),
                f"The address is at {_domain(one)}.",
                Evidence(what=f"role {one.role}"),
            )
        if not strangers:
            yield passed(_ALL, f"All {len(teammates)} teammates have an allowed address.")


def _domain(teammate: Teammate) -> str:
    return teammate.email.rpartition("@")[2].lower()


@check(
    id="ACC-002",
    step="access",
    title="Few teammates have full access",
    fails="Too many teammates have full access",
    severity=Severity.MEDIUM,
    remediation=(
        f"Open {_WHERE}, and sort by role.",
        "Give those who don't manage the workspace a smaller role.",
    ),
    controls=("ISO 27001 A.8.2", "NIST CSF PR.AA-05", "CIS 5.4"),
)
def few_have_full_access(teammates: tuple[Teammate, ...], policy: Policy) -> Iterator[Outcome]:
    """Every account with full access can export everything and let anybody in.

    PASS: no more have full access than the policy allows.
    FAIL: more have it.
    MANUAL: never, because ACC-016 reports permissions without a role.
    NOT_APPLICABLE: the workspace has no teammates.
    ERROR: the teammates could not be read.
    """
    if not teammates:
        yield _nobody()
        return
    full = [t for t in teammates if t.full_access]
    limit = policy.access.max_full_access
    said = f"{len(full)} of {len(teammates)} have full access; the policy allows {limit}."
    seen = Evidence(what=", ".join(t.name for t in full) or "none")
    yield failed(_ALL, said, seen) if len(full) > limit else passed(_ALL, said, seen)


@check(
    id="ACC-016",
    step="access",
    title="Every teammate's permissions come from a role",
    fails="A teammate's permissions come from no role",
    severity=Severity.LOW,
    remediation=(
        f"Open {_WHERE} > this teammate > Permissions.",
        "Give them a role that fits; make one if none does.",
        "Permissions that have to stay as they are: waive this with a reason and a date.",
    ),
    controls=("SOC 2 CC6.3", "ISO 27001 A.5.18", "CIS 6.8"),
)
def everybody_has_a_role(teammates: tuple[Teammate, ...]) -> Iterator[Outcome]:
    """Nobody reviews permissions that were assembled for one person.

    Intercom reports a role's name where one is assigned, and no role for custom permissions.

    PASS: every teammate has a role.
    FAIL: a teammate has custom permissions.
    MANUAL: Intercom reports no role for anybody here, so it may report none at all.
    NOT_APPLICABLE: the workspace has no teammates.
    ERROR: the teammates could not be read.
    """
    odd = [t for t in teammates if not t.role]
    if not teammates:
        yield _nobody()
    elif odd == list(teammates):
        yield manual(_ALL, f"Intercom reports no role for anybody: check {_WHERE}.")
    elif not odd:
        yield passed(_ALL, "Every teammate has a role.")
    else:
        for one in odd:
            yield failed(_person(one), "Custom permissions, without a role.")


@check(
    id="ACC-004",
    step="access",
    title="Nobody has access who does not use it",
    fails="A teammate has access and does not use it",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    remediation=(
        f"Open {_WHERE}, and ask whether this teammate still needs access.",
        "If not, remove them; first move the apps they installed to a service account.",
    ),
    controls=("ISO 27001 A.5.18", "CIS 5.3"),
)
def nobody_is_dormant(
    teammates: tuple[Teammate, ...],
    last_seen: tuple[tuple[str, datetime], ...],
    policy: Policy,
) -> Iterator[Outcome]:
    """Nobody notices the theft of an account that nobody uses.

    PASS: the teammate did something within the policy's days, as the activity log shows.
    FAIL: the log shows nothing of a teammate with an inbox seat in that time.
    MANUAL: the log shows nothing of one without a seat, who may only be used through the API.
    NOT_APPLICABLE: the log is empty for that time, so it says nothing about anybody.
    ERROR: the teammates or the activity log could not be read.
    """
    seen = dict(last_seen)
    if not seen:
        yield not_applicable(_ALL, "The activity log is empty for that time.")
        return
    days = policy.access.dormant_days
    for one in teammates:
        if one.id in seen:
            yield passed(_person(one), f"Active within {days} days.")
        elif one.inbox_seat:
            yield failed(_person(one), f"Nothing in the activity log for {days} days.")
        else:
            yield manual(
                _person(one), f"Nothing in the log for {days} days; is the account still used?"
            )


@check(
    id="ACC-017",
    step="access",
    title="Each security event has been explained",
    fails="A security event has not been explained",
    severity=Severity.HIGH,
    remediation=(
        "An event that nobody can explain is an incident: check what followed it (notebook 07).",
        "Rotate what the account could reach: `runbook rotate … --compromised`.",
        "When all is explained, answer `runbook attest security-events` again.",
    ),
    controls=("SOC 2 CC7.2", "SOC 2 CC7.3", "ISO 27001 A.8.16", "NIST CSF DE.AE-02"),
)
def security_events_were_explained(
    events: tuple[SecurityEvent, ...], attestations: tuple[Attestation, ...], now: datetime
) -> Iterator[Outcome]:
    """Impersonation, failed log-ins and changes to how people sign in are rare, and never private.

    The same event is routine or an attack. A person asks those who did it, and answers once for all
    kinds; an answer covers what happened before the day on which it was given.

    PASS: the log holds none of a kind, or a person attested that those before are explained.
    FAIL: a person attested that there is one that nobody can explain.
    MANUAL: nobody answered, the answer expired, or something happened since.
    NOT_APPLICABLE: never, because every workspace has an activity log.
    ERROR: the activity log or the attestations could not be read.
    """
    for event in events:
        about = Resource(kind="activity", key=event.kind)
        covering = [a for a in attestations if a.answer == "no" or event.newest.date() < a.on]
        times = "Once" if event.count == 1 else f"{event.count} times"
        look = f"{times}, the last on {event.newest:%Y-%m-%d}: who, and why?"
        yield answered(about, "security-events", covering, now, look)
    if not events:
        yield passed(Resource(kind="workspace", key="activity log"), "None of them happened.")
