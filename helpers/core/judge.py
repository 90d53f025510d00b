"""From facts to findings: pure and deterministic.

`judge` runs every check against a snapshot. It reads nothing, writes nothing and asks no clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from helpers.core.catalog import Check
from helpers.core.model import (
    Cause,
    Evidence,
    Finding,
    Known,
    Outcome,
    Partial,
    Resource,
    Snapshot,
    Status,
    Unavailable,
)
from helpers.core.policy import Policy

__all__ = ["identity", "judge"]

_NEEDS_THE_WHOLE = frozenset({Status.PASS, Status.NOT_APPLICABLE})


def judge(
    snapshot: Snapshot[Any], checks: Iterable[Check], policy: Policy, now: datetime
) -> tuple[Finding, ...]:
    """Every verdict of these checks on this snapshot, sorted by check id and resource."""
    findings = [
        _finding(check, outcome)
        for check in checks
        if check.step == snapshot.step
        for outcome in _guarded(check, snapshot, policy, now)
    ]
    return tuple(sorted(findings, key=lambda f: (f.check, f.resource.kind, f.resource.key)))


def identity(check_id: str, resource: Resource) -> str:
    """The stable name of a finding: check and resource, no line, time or prose. Versioned."""
    material = f"{check_id}\0{resource.kind}\0{resource.key}"
    return "v1:" + hashlib.sha256(material.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _guarded(
    check: Check, snapshot: Snapshot[Any], policy: Policy, now: datetime
) -> Iterable[Outcome]:
    """The check's outcomes; a check that raises or says nothing becomes an ERROR."""
    try:
        return list(_outcomes(check, snapshot, policy, now))
    except Exception as error:  # noqa: BLE001 (a broken check must not silence the others)
        return [
            _error(check, f"The check raised {type(error).__name__}; this is a bug in the check.")
        ]


def _outcomes(
    check: Check, snapshot: Snapshot[Any], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    data = {name: getattr(snapshot.facts, name) for name in check.data}
    partial = {name: datum for name, datum in data.items() if isinstance(datum, Partial)}
    refused = [name for name, datum in data.items() if not _usable(check, name, datum)]
    if refused:
        yield from (_not_read(name, data[name]) for name in refused)
        return
    context = {"policy": policy, "now": now}
    wanted = {name: context[name] for name in check.wanted if name in context}
    values = {name: datum.value for name, datum in data.items()}
    outcomes = list(check(**values, **wanted))
    if partial:
        yield from (outcome for outcome in outcomes if outcome.status not in _NEEDS_THE_WHOLE)
        yield from (_partly_read(name, datum) for name, datum in partial.items())
        return
    yield from outcomes or [
        _error(check, "The check reached no verdict; this is a bug in the check.")
    ]


def _usable(check: Check, name: str, datum: Known[Any] | Partial[Any] | Unavailable) -> bool:
    """Whether a check can work with a datum: a part is enough only where the check says so."""
    return isinstance(datum, Known) or (isinstance(datum, Partial) and name in check.partial)


def _not_read(name: str, datum: Partial[Any] | Unavailable) -> Outcome:
    return _partly_read(name, datum) if isinstance(datum, Partial) else _unavailable(name, datum)


def _partly_read(name: str, datum: Partial[Any]) -> Outcome:
    """What is missing may hold anything, so that no part of a datum is a pass."""
    named = datum.reason if datum.call in datum.reason else f"{datum.call}: {datum.reason}"
    return Outcome(
        status=Status.ERROR,
        resource=Resource(kind="datum", key=name, name=name.replace("_", " ")),
        message=f"Only partly read: {named}",
        evidence=(Evidence(what="not read whole", where=datum.call),),
    )


def _unavailable(name: str, datum: Unavailable) -> Outcome:
    status = Status.ERROR if datum.cause is Cause.FAILED else Status.MANUAL
    return Outcome(
        status=status,
        resource=Resource(kind="datum", key=name, name=name.replace("_", " ")),
        message=datum.reason,
        evidence=(Evidence(what="not looked at", where=datum.call),),
    )


def _error(check: Check, message: str) -> Outcome:
    return Outcome(
        status=Status.ERROR, resource=Resource(kind="check", key=check.id), message=message
    )


def _finding(check: Check, outcome: Outcome) -> Finding:
    return Finding(
        check=check.id,
        title=check.title,
        fails=check.fails,
        step=check.step,
        status=outcome.status,
        severity=outcome.severity or check.severity,
        confidence=check.confidence,
        effort=check.effort,
        resource=outcome.resource,
        message=outcome.message,
        evidence=outcome.evidence,
        remediation=outcome.remediation or check.remediation,
        references=check.references,
        controls=check.controls,
        checklist=check.checklist,
        incident=check.incident,
        fingerprint=identity(check.id, outcome.resource),
    )
