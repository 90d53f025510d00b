"""Checks on the age and the owner of keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from helpers.core.catalog import check
from helpers.core.click_paths import click_path
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
    unclear,
)
from helpers.core.policy import Policy
from helpers.rotation.records import KeyAge

_REGENERATE = click_path("hub_app_workspaces")
_FIRST = datetime(2011, 1, 1, tzinfo=UTC)  # Intercom has no older key
_CONTROLS = ("SOC 2 CC6.1", "ISO 27001 A.5.17", "NIST CSF PR.AA-01")


def _key(key: KeyAge) -> Resource:
    return Resource(kind="credential", key=key.variable)


def _source(key: KeyAge, now: datetime) -> Evidence:
    at_least = "" if key.exact else "at least "
    return Evidence(
        what=f"{at_least}{key.days(now)} days old, fingerprint {key.fingerprint}",
        where=f"{key.known_by}, {key.since:%Y-%m-%d}",
    )


@check(
    id="ROT-001",
    step="rotation",
    title="Keys are not older than the policy allows",
    fails="A key is older than the policy allows",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=(
        "Rotate it: `runbook rotate --help` lists the command for each key.",
        f"A person creates the new key: {_REGENERATE}.",
    ),
    controls=_CONTROLS,
)
def key_is_young_enough(
    keys: tuple[KeyAge, ...], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    """A copied key works until it is rotated.

    PASS: the key's creation date is known, and its age is within the limit.
    FAIL: the key is older than the limit, even by its lowest possible age.
    MANUAL: the key was first seen within the limit, but its exact age is unknown.
    NOT_APPLICABLE: no key is configured.
    ERROR: the ledger can't be read, or a date is impossible.
    """
    if not keys:
        yield not_applicable(Resource(kind="credential", key="all"), "No key is configured.")
    for key in keys:
        limit, age = policy.rotation.limit(key.kind), key.days(now)
        if _impossible(key, now):
            yield unclear(_key(key), f"Its date is {key.since:%Y-%m-%d}, which is impossible.")
        elif age > limit:
            message = f"{_at_least(key)}{age} days old; the limit is {limit}."
            yield failed(_key(key), message, _source(key, now))
        elif key.exact:
            yield passed(_key(key), f"{age} of {limit} days.", _source(key, now))
        else:
            message = f"First seen {age} days ago, but it may be older than {limit} days: find out "
            message += f"when it was created ({_REGENERATE}), or rotate it to know its age."
            yield manual(_key(key), message, _source(key, now))


def _impossible(key: KeyAge, now: datetime) -> bool:
    """Whether its date can't be right; clocks may differ by a day."""
    return not _FIRST <= key.since <= now + timedelta(days=1)


def _at_least(key: KeyAge) -> str:
    return "" if key.exact else "At least "


@check(
    id="ROT-002",
    step="rotation",
    title="No key is due for rotation soon",
    fails="A key is due for rotation soon",
    severity=Severity.LOW,
    effort=Effort.HOURS,
    remediation=(
        "Plan the rotation: `runbook keys --calendar keys.ics` makes a calendar of the dates.",
        "Inform the owner and everyone who uses the key.",
    ),
    controls=_CONTROLS,
)
def key_is_not_due_soon(
    keys: tuple[KeyAge, ...], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    """A rotation that needs a person must be planned in time.

    PASS: the key's age is below the first warning step of the policy.
    FAIL: the age has passed a warning step: low, and medium from the second step on.
    MANUAL: the key's age is unknown.
    NOT_APPLICABLE: no key is configured, or the key is overdue, which ROT-001 reports.
    ERROR: the ledger can't be read.
    """
    if not keys:
        yield not_applicable(Resource(kind="credential", key="all"), "No key is configured.")
    for key in keys:
        yield _due(key, policy, now)


def _due(key: KeyAge, policy: Policy, now: datetime) -> Outcome:
    limit, age = policy.rotation.limit(key.kind), key.days(now)
    passed_steps = [step for step in policy.rotation.warn_at_percent if age * 100 >= step * limit]
    if _impossible(key, now):
        return unclear(_key(key), f"Its date is {key.since:%Y-%m-%d}, which is impossible.")
    if age > limit:
        return not_applicable(_key(key), "It is overdue: see ROT-001.")
    if passed_steps:
        due = key.since + timedelta(days=limit)
        severity = Severity.LOW if len(passed_steps) == 1 else Severity.MEDIUM
        message = f"{_at_least(key)}{age} of {limit} days; due by {due:%Y-%m-%d}."
        return failed(_key(key), message, _source(key, now), severity=severity)
    if not key.exact:
        return manual(_key(key), "The due date is unknown, because the age is.")
    return passed(_key(key), f"{age} of {limit} days.", _source(key, now))


@check(
    id="ROT-005",
    step="rotation",
    title="Every key has an owner",
    fails="A key has no owner",
    severity=Severity.MEDIUM,
    remediation=('Name one in policy.toml: [rotation] owner = "name@your-company.example".',),
    controls=("ISO 27001 A.5.17", "NIST CSF PR.AA-01", "CIS 5.5"),
)
def keys_have_an_owner(keys: tuple[KeyAge, ...], policy: Policy) -> Iterator[Outcome]:
    """Nobody rotates a key that nobody owns.

    PASS: the policy names the owner of the key.
    FAIL: the policy names no owner.
    MANUAL: never: the policy either names an owner or does not.
    NOT_APPLICABLE: no key is configured.
    ERROR: the ledger can't be read.
    """
    if not keys:
        yield not_applicable(Resource(kind="credential", key="all"), "No key is configured.")
    for key in keys:
        owner = policy.rotation.owner_of(key.variable)
        if owner:
            yield passed(_key(key), f"{owner} owns it.")
        else:
            yield failed(_key(key), "The policy names no owner.")
