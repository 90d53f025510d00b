"""Attach waivers to findings. The verdict does not change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from helpers.core.catalog import Check
from helpers.core.judge import REST
from helpers.core.model import Finding, Known, Status, WaiverNote
from helpers.core.policy import WaiverPolicy
from helpers.core.waivers.records import Waiver, WaiverFacts, WaiverOrigin, WaiverUse

__all__ = ["WAIVABLE", "apply_waivers", "refusal"]

WAIVABLE = (Status.FAIL, Status.MANUAL, Status.ERROR)


def apply_waivers(
    findings: Sequence[Finding],
    waivers: Sequence[Waiver],
    checks: Collection[Check],
    policy: WaiverPolicy,
    now: datetime,
) -> tuple[tuple[Finding, ...], WaiverFacts]:
    """The findings with their waivers, and how each waiver was used, for the checks on waivers.

    `checks` are all checks. A waiver that has expired or that the policy does not allow suppresses
    nothing; of several that apply, the first in the file wins.
    """
    refused = [refusal(waiver, checks, policy, now.date()) for waiver in waivers]
    allowed = [waiver for waiver, why in zip(waivers, refused, strict=True) if not why]
    noted = tuple(_noted(finding, allowed, now) for finding in findings)
    known = {check.id for check in checks}
    uses = tuple(
        _use(waiver, findings, known).model_copy(update={"allowed": not why, "refused": why})
        for waiver, why in zip(waivers, refused, strict=True)
    )
    return noted, WaiverFacts(waivers=Known(uses))


def refusal(waiver: Waiver, checks: Collection[Check], policy: WaiverPolicy, today: date) -> str:
    """Why the policy does not allow a waiver; "" if it does."""
    incidents = {check.id for check in checks if check.incident}
    if waiver.check in incidents and waiver.is_pattern:
        return "A sign of a live compromise can only be waived for one resource, by its whole key."
    if waiver.is_for_all and waiver.check not in policy.any_resource:
        return "It covers every resource, and the policy's `waivers.any_resource` gives no reason."
    if waiver.expires > today + timedelta(days=policy.max_waiver_days):
        return f"It ends more than {policy.max_waiver_days} days ahead."
    return ""


def _noted(finding: Finding, waivers: Sequence[Waiver], now: datetime) -> Finding:
    if finding.status not in WAIVABLE:
        return finding
    for waiver in waivers:
        if waiver.covers(finding.check, finding.resource) and waiver.holds(now.date()):
            return finding.model_copy(update={"waiver": _note(waiver)})
    return finding


def _note(waiver: Waiver) -> WaiverNote:
    return WaiverNote(
        owner=waiver.owner,
        reason=waiver.reason,
        expires=waiver.expires.isoformat(),
        origin="" if waiver.origin is WaiverOrigin.OPERATOR else waiver.origin.value,
    )


def _use(waiver: Waiver, findings: Sequence[Finding], known: Collection[str]) -> WaiverUse:
    judged = [f for f in findings if f.check == waiver.check]
    matches = [f for f in judged if f.status in WAIVABLE and waiver.covers(f.check, f.resource)]
    blind = any(f.status is Status.ERROR or f.resource.kind == REST for f in judged)
    return WaiverUse(
        waiver=waiver,
        known=waiver.check in known,
        judged=bool(judged) and not blind,
        matches=len(matches),
    )
