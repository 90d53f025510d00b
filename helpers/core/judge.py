"""From facts to findings: pure and deterministic.

`judge` runs every check against a snapshot. It reads nothing, writes nothing and asks no clock. Of
one check's verdicts of one kind, the worst 1,000 become findings, and one more finding counts the
rest: a workspace with 100,000 teammates gets a report that can be opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from helpers.core.catalog import Check
from helpers.core.model import (
    Cause,
    Evidence,
    Finding,
    Known,
    Outcome,
    Partial,
    Resource,
    Severity,
    Snapshot,
    Status,
    Unavailable,
)
from helpers.core.policy import Policy

__all__ = ["REST", "identity", "judge", "rest_of"]

REST: Final = "rest"  # the kind of the resource that stands for those that are not listed
_MOST: Final = 1000  # findings of one check with one status
_RANKS: Final = tuple(Severity)  # from low to critical
_NEEDS_THE_WHOLE = frozenset({Status.PASS, Status.NOT_APPLICABLE})


def judge(
    snapshot: Snapshot[Any],
    checks: Iterable[Check],
    policy: Policy,
    now: datetime,
    *,
    most: int = _MOST,
) -> tuple[Finding, ...]:
    """The verdicts of these checks on this snapshot, sorted by check id and resource.

    At most `most` of each check and status, and one that counts the others.
    """
    findings = [
        _finding(check, outcome)
        for check in checks
        if check.step == snapshot.step
        for outcome in _guarded(check, snapshot, policy, now, most)
    ]
    return tuple(sorted(findings, key=lambda f: (f.check, f.resource.kind, f.resource.key)))


def rest_of(status: Status) -> Resource:
    """What stands for the resources with this verdict that are not listed."""
    return Resource(kind=REST, key=status.value, name="the rest")


def identity(check_id: str, resource: Resource) -> str:
    """The stable name of a finding: check and resource, no line, time or prose. Versioned."""
    material = f"{check_id}\0{resource.kind}\0{resource.key}"
    return "v1:" + hashlib.sha256(material.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _guarded(
    check: Check, snapshot: Snapshot[Any], policy: Policy, now: datetime, most: int
) -> Iterable[Outcome]:
    """The check's outcomes; a check that raises or says nothing becomes an ERROR."""
    kept = _Outcomes(check.severity, most)
    try:
        for outcome in _outcomes(check, snapshot, policy, now):
            kept.add(outcome)
        return list(kept)
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
    any_verdict = False
    for outcome in check(**values, **wanted):
        any_verdict = True
        if not partial or outcome.status not in _NEEDS_THE_WHOLE:
            yield outcome
    yield from (_partly_read(name, datum) for name, datum in partial.items())
    if not any_verdict and not partial:
        yield _error(check, "The check reached no verdict; this is a bug in the check.")


class _Outcomes:
    """The outcomes of one check: of each status the worst, in bounded memory, and how many more."""

    def __init__(self, severity: Severity, most: int) -> None:
        self._default = severity
        self._most = most
        self._kept: dict[Status, list[Outcome]] = {}
        self._more: dict[Status, int] = {}
        self._worst: dict[Status, Severity] = {}  # of those that are not listed

    def add(self, outcome: Outcome) -> None:
        """Keep it, or count it."""
        kept = self._kept.setdefault(outcome.status, [])
        kept.append(outcome)
        if len(kept) >= 2 * self._most:
            self._cut(outcome.status)

    def __iter__(self) -> Iterator[Outcome]:
        """What is kept, and one outcome for the rest of each status."""
        for status, kept in self._kept.items():
            if len(kept) > self._most:
                self._cut(status)
            yield from kept
            if more := self._more.get(status):
                yield Outcome(
                    status=status,
                    resource=rest_of(status),
                    message=f"{more:,} more with this verdict are not listed, none of them worse.",
                    severity=self._worst[status],
                )

    def _cut(self, status: Status) -> None:
        kept = self._kept[status]
        kept.sort(key=lambda o: (-self._rank(o), o.resource.kind, o.resource.key))
        left = kept[self._most :]
        del kept[self._most :]
        self._more[status] = self._more.get(status, 0) + len(left)
        severities = [*(o.severity or self._default for o in left), self._worst.get(status)]
        self._worst[status] = max(filter(None, severities), key=_RANKS.index)

    def _rank(self, outcome: Outcome) -> int:
        return _RANKS.index(outcome.severity or self._default)


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
