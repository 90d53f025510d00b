"""The teammates: their addresses, what they may do, and whether they are still active."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from helpers.access.checks.attestation import answered
from helpers.access.records import Attestation, SecurityEvent
from helpers.core.catalog import check
from helpers.core.click_paths import click_path
from helpers.core.model import (
    Confidence,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    manual,
    passed,
    unclear,
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
_WHERE: Final = click_path("teammates")
_ROLES: Final = click_path("roles")


def _person(teammate: Teammate) -> Resource:
    return Resource(kind="teammate", key=teammate.id, name=teammate.name or teammate.id)


def _nobody() -> Outcome:
    """A token belongs to a teammate, so a workspace without any was not understood."""
    return unclear(_ALL, "GET /admins lists nobody, although a token belongs to a teammate.")


@check(
    id="ACC-001",
    step="access",
    title="Teammates have company e-mail addresses",
    fails="A teammate's address is outside the company",
    severity=Severity.HIGH,
    partial=("teammates",),
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
    NOT_APPLICABLE: never, because every token belongs to a teammate.
    ERROR: the teammates could not be read, or there are none.
    """
    allowed = {domain.lower() for domain in policy.access.allowed_domains}
    if not teammates:
        yield _nobody()
    elif not allowed:
        domains = ", ".join(sorted({_domain(t) or "no address" for t in teammates}))
        yield manual(_ALL, f"Write access.allowed_domains into policy.toml. In use: {domains}.")
    else:
        nameless = [t for t in teammates if not _domain(t)]
        strangers = [t for t in teammates if _domain(t) and _domain(t) not in allowed]
        for one in nameless:
            yield unclear(_person(one), "Intercom reports no e-mail address for this teammate.")
        for one in strangers:
            yield failed(
                _person(one),
                f"The address is at {_domain(one)}.",
                Evidence(what=f"role {one.role}"),
            )
        if not strangers and not nameless:
            yield passed(_ALL, f"All {len(teammates)} teammates have an allowed address.")


def _domain(teammate: Teammate) -> str:
    """The domain of an address; "" for what is none, so that a bare domain is nobody's address."""
    name, _, domain = teammate.email.strip().rpartition("@")
    return domain.lower() if name else ""


@check(
    id="ACC-002",
    step="access",
    title="Few teammates have full access",
    fails="Too many teammates have full access",
    severity=Severity.MEDIUM,
    partial=("teammates",),
    remediation=(
        f"Open {_ROLES}, and check what each role allows.",
        "Write the roles into access.full_access_roles and access.limited_roles in policy.toml.",
        f"Give those who don't manage the workspace a smaller role: {_WHERE}.",
    ),
    controls=("ISO 27001 A.8.2", "NIST CSF PR.AA-05", "CIS 5.4"),
)
def few_have_full_access(teammates: tuple[Teammate, ...], policy: Policy) -> Iterator[Outcome]:
    """Every account with full access can export everything and let anybody in.

    Intercom reports a role's name, not what it allows: the policy says which roles are full access
    and which are not.

    PASS: even if every role that the policy does not name is full access, no more teammates have it
        than the policy allows.
    FAIL: more have a role that the policy calls full access.
    MANUAL: more may have it: some have custom permissions, or a role that the policy does not name.
    NOT_APPLICABLE: never, because every token belongs to a teammate.
    ERROR: the teammates could not be read, or there are none.
    """
    if not teammates:
        yield _nobody()
        return
    limit = policy.access.max_full_access
    full = [t for t in teammates if policy.access.full_access(t.role)]
    open_ones = [t for t in teammates if policy.access.full_access(t.role) is None]
    seen = Evidence(what=f"full access: {', '.join(t.name for t in full) or 'none'}")
    said = f"{len(full)} of {len(teammates)} have full access; the policy allows {limit}."
    if len(full) > limit:
        yield failed(_ALL, said, seen)
    elif len(full) + len(open_ones) <= limit:
        yield passed(_ALL, said, seen)
    else:
        roles = sorted({t.role or "custom permissions" for t in open_ones})
        message = f"{len(open_ones)} more may have full access: their roles are not in policy.toml."
        yield manual(_ALL, message, seen, Evidence(what=f"unknown: {', '.join(roles)}"))


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
    NOT_APPLICABLE: never, because every token belongs to a teammate.
    ERROR: the teammates could not be read, or there are none.
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
    now: datetime,
) -> Iterator[Outcome]:
    """Nobody notices the theft of an account that nobody uses.

    PASS: the teammate did something within the policy's days, as the activity log shows.
    FAIL: the log shows nothing of a teammate with an inbox seat in that time.
    MANUAL: the log shows nothing of one who has no seat, or of whom Intercom does not say, and who
        may only be used through the API; or the log is empty, so it says nothing about anybody.
    NOT_APPLICABLE: never, because every token belongs to a teammate.
    ERROR: the teammates or the activity log could not be read, or a time in it is impossible.
    """
    if not teammates:
        yield _nobody()
    elif not last_seen:
        yield manual(_ALL, "The activity log is empty for that time: who still uses their account?")
    seen = dict(last_seen)
    for one in teammates if last_seen else ():
        yield _activity(one, seen.get(one.id), policy.access.dormant_days, now)


def _activity(one: Teammate, at: datetime | None, days: int, now: datetime) -> Outcome:
    if at and at > now + timedelta(days=1):
        return unclear(_person(one), f"The log shows them on {at:%Y-%m-%d}, in the future.")
    if at and (now - at).days <= days:
        return passed(_person(one), f"Active within {days} days.")
    if one.inbox_seat:
        return failed(_person(one), f"Nothing in the activity log for {days} days.")
    return manual(_person(one), f"Nothing in the log for {days} days; is the account still used?")


@check(
    id="ACC-017",
    step="access",
    title="Each security event has been explained",
    fails="A security event has not been explained",
    severity=Severity.HIGH,
    partial=("events",),
    remediation=(
        "An event that nobody can explain is an incident: check what followed it (notebook 08).",
        "Rotate what the account could reach: `runbook rotate access-token --compromised`.",
        "When all is explained, answer `runbook attest security-events` again.",
    ),
    controls=("SOC 2 CC7.2", "SOC 2 CC7.3", "ISO 27001 A.8.16", "NIST CSF DE.AE-02"),
)
def security_events_were_explained(
    events: tuple[SecurityEvent, ...],
    attestations: tuple[Attestation, ...],
    policy: Policy,
    now: datetime,
) -> Iterator[Outcome]:
    """Impersonation, failed log-ins and changes to how people sign in are rare, and never private.

    The same event is routine or an attack. A person asks those who did it, and answers once for all
    kinds; an answer covers what happened before the day on which it was given.

    PASS: the log holds none of a kind, or a person attested that those before are explained.
    FAIL: a person attested that there is one that nobody can explain.
    MANUAL: nobody answered, the answer expired, something happened since, or an event's time is not
        one of the period.
    NOT_APPLICABLE: never, because every workspace has an activity log.
    ERROR: the activity log or the attestations could not be read, or the log holds no row at all.
    """
    start = now - timedelta(days=policy.access.dormant_days + 1)  # the period that was asked for
    for event in events:
        about = Resource(kind="activity", key=event.kind)
        dated = event.newest >= start  # an older time can't be right, so no answer covers it
        covering = [
            a for a in attestations if a.answer == "no" or (dated and event.newest.date() < a.on)
        ]
        times = "Once" if event.count == 1 else f"{event.count} times"
        look = f"{times}, the last on {event.newest:%Y-%m-%d}: who, and why?"
        yield answered(about, "security-events", covering, now, look)
    if not events:
        yield passed(Resource(kind="workspace", key="activity log"), "None of them happened.")
