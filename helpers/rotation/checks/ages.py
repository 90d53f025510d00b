"""Are keys young enough, and does somebody see to it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from helpers.core.catalog import check
from helpers.core.model import (
    Effort,
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
from helpers.rotation.records import (
    KeyAge,
)

_REGENERATE = "Developer Hub > your app > Test & Publish > Your Workspaces"
_CONTROLS = ("SOC 2 CC6.1", "ISO 27001 A.5.17", "NIST CSF PR.AA-01")


def _key(key: KeyAge) -> Resource:
    return Resource(kind="credential", key=key.variable)


def _witness(key: KeyAge, now: datetime) -> Evidence:
    at_least = "" if key.exact else "at least "
    return Evidence(
        what=f"{at_least}{key.days(now)} days old, fingerprint {key.fingerprint}",
        where=f"{key.known_by}, {key.since:%Y-%m-%d}",
    )


@check(
    id="ROT-001",
    step="rotation",
    title="Keys are not older than the policy allows",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=(
        "Rotate it: `runbook rotate --help` leads through it, key by key.",
        f"A person makes the new key: {_REGENERATE}.",
    ),
    controls=_CONTROLS,
)
def key_is_young_enough(
    keys: tuple[KeyAge, ...], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    """A key that was copied unnoticed stays good until it is rotated.

    PASS: the key's making is known, and it is within the limit.
    FAIL: the key is over the limit, if only by what is known for sure.
    MANUAL: it has been seen for less than the limit, but how old it is nobody knows.
    NOT_APPLICABLE: no key is configured.
    ERROR: the ledger can't be read.
    """
    if not keys:
        yield not_applicable(Resource(kind="credential", key="all"), "No key is configured.")
    for key in keys:
        limit, age = policy.rotation.limit(key.kind), key.days(now)
        if age > limit:
            message = f"{_at_least(key)}{age} days old; the limit is {limit}."
            yield failed(_key(key), message, _witness(key, now))
        elif key.exact:
            yield passed(_key(key), f"{age} of {limit} days.", _witness(key, now))
        else:
            message = f"Known for {age} of {limit} days, but it may be older: find out when it was "
            message += f"made ({_REGENERATE}), or rotate it and know from then on."
            yield manual(_key(key), message, _witness(key, now))


def _at_least(key: KeyAge) -> str:
    return "" if key.exact else "At least "


@check(
    id="ROT-002",
    step="rotation",
    title="No key is due for rotation soon",
    severity=Severity.LOW,
    effort=Effort.HOURS,
    remediation=(
        "Plan the rotation: `runbook keys --calendar keys.ics` makes a calendar of the dates.",
        "Tell the owner and those who use the key.",
    ),
    controls=_CONTROLS,
)
def key_is_not_due_soon(
    keys: tuple[KeyAge, ...], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    """What no program can rotate has to be planned before it is late.

    PASS: less of the allowed age is used up than the first step of the policy's warning.
    FAIL: a step of the warning is passed: low, from the second step on medium.
    MANUAL: too little is known of the key's age to say.
    NOT_APPLICABLE: no key is configured, or it is overdue, which ROT-001 says.
    ERROR: the ledger can't be read.
    """
    if not keys:
        yield not_applicable(Resource(kind="credential", key="all"), "No key is configured.")
    for key in keys:
        yield _due(key, policy, now)


def _due(key: KeyAge, policy: Policy, now: datetime) -> Outcome:
    limit, age = policy.rotation.limit(key.kind), key.days(now)
    passed_steps = [step for step in policy.rotation.warn_at_percent if age * 100 >= step * limit]
    if age > limit:
        return not_applicable(_key(key), "It is overdue: see ROT-001.")
    if passed_steps:
        due = key.since + timedelta(days=limit)
        severity = Severity.LOW if len(passed_steps) == 1 else Severity.MEDIUM
        message = f"{_at_least(key)}{age} of {limit} days; due by {due:%Y-%m-%d}."
        return failed(_key(key), message, _witness(key, now), severity=severity)
    if not key.exact:
        return manual(_key(key), "When it is due can't be said: its age is not known.")
    return passed(_key(key), f"{age} of {limit} days.", _witness(key, now))


@check(
    id="ROT-005",
    step="rotation",
    title="Every key has an owner",
    severity=Severity.MEDIUM,
    remediation=('Name one in policy.toml: [rotation] owner = "name@your-company.example".',),
    controls=("ISO 27001 A.5.17", "NIST CSF PR.AA-01", "CIS 5.5"),
)
def keys_have_an_owner(keys: tuple[KeyAge, ...], policy: Policy) -> Iterator[Outcome]:
    """A key that nobody owns is rotated by nobody.

    PASS: the policy names who sees to its rotation.
    FAIL: it names nobody.
    MANUAL: never, because the policy says it or does not.
    NOT_APPLICABLE: no key is configured.
    ERROR: the ledger can't be read.
    """
    if not keys:
        yield not_applicable(Resource(kind="credential", key="all"), "No key is configured.")
    for key in keys:
        owner = policy.rotation.owner_of(key.variable)
        if owner:
            yield passed(_key(key), f"{owner} sees to it.")
        else:
            yield failed(_key(key), "Nobody is named who sees to its rotation.")
