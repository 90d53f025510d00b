"""One verdict for a group of the battery's cases: what each check of the battery has in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from helpers.core.model import Evidence, Resource, Status, failed, not_applicable, passed
from helpers.core.model import Outcome as Verdict
from helpers.webhooks.records import BatteryResult, CaseResult, Outcome

__all__ = ["SETUP", "by_cases", "could_not_look", "evidence_of", "receiver_named"]

SETUP: Final = "https://developers.intercom.com/docs/webhooks/setting-up-webhooks"
_SHOWN: Final = 12  # cases that a finding lists; the notebook and `runbook webhook test` show all
_ELSEWHERE: Final = frozenset({"P01", "P04", "P05"})  # checks of their own


def by_cases(battery: BatteryResult, group: str, well: str) -> Verdict:
    """FAIL where a case failed, ERROR where one says nothing, PASS for what was tried.

    What was left out is told beside a PASS; a group that was left out whole is NOT_APPLICABLE.
    """
    cases = [case for case in battery.cases if case.id[0] == group and case.id not in _ELSEWHERE]
    tried = [case for case in cases if case.outcome is not Outcome.SKIPPED]
    wrong = [case for case in cases if case.outcome is Outcome.FAIL]
    silent = [case for case in cases if case.outcome is Outcome.INCONCLUSIVE]
    resource = receiver_named(battery.receiver)
    if wrong:
        return _failed(resource, wrong, len(tried))
    if silent:
        reason = battery.notes[0] if battery.notes else f"{silent[0].observed}."
        return could_not_look(resource, reason, *evidence_of(silent))
    if not tried:
        return not_applicable(resource, "These cases were left out.")
    seen = Evidence(what=f"{len(tried)} cases", where=battery.receiver)
    return passed(resource, well, seen, *_left_out(cases))


def evidence_of(cases: Sequence[CaseResult]) -> Iterator[Evidence]:
    """The worst cases first; `where` names the case in the catalog."""
    ranked = sorted(cases, key=lambda case: -case.severity.rank)
    for case in ranked[:_SHOWN]:
        yield Evidence(what=f"{case.title}: {case.observed} ({case.severity})", where=case.id)
    if len(ranked) > _SHOWN:
        yield Evidence(what=f"and {len(ranked) - _SHOWN} more cases")


def could_not_look(resource: Resource, reason: str, *evidence: Evidence) -> Verdict:
    """ERROR: nothing can be said of the receiver."""
    return Verdict(status=Status.ERROR, resource=resource, message=reason, evidence=evidence)


def receiver_named(address: str) -> Resource:
    """The receiver as a resource."""
    return Resource(kind="webhook receiver", key=address)


def _failed(resource: Resource, wrong: Sequence[CaseResult], tried: int) -> Verdict:
    worst = max(wrong, key=lambda case: case.severity.rank)
    return failed(
        resource,
        f"{len(wrong)} of {tried} cases failed. {worst.consequence}",
        *evidence_of(wrong),
        severity=worst.severity,
        remediation=tuple(dict.fromkeys(line for case in wrong for line in case.fix)),
    )


def _left_out(cases: Sequence[CaseResult]) -> Iterator[Evidence]:
    for case in cases:
        if case.outcome is Outcome.SKIPPED:
            yield Evidence(what=f"left out: {case.title} ({case.observed})", where=case.id)
