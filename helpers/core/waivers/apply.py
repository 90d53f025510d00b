"""Attach waivers to findings. The verdict does not change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from helpers.core.model import Finding, Known, Status, WaiverNote
from helpers.core.waivers.records import Waiver, WaiverFacts, WaiverOrigin, WaiverUse

__all__ = ["apply_waivers"]

_WAIVABLE = (Status.FAIL, Status.MANUAL, Status.ERROR)


def apply_waivers(
    findings: Sequence[Finding], waivers: Sequence[Waiver], known: Collection[str], now: datetime
) -> tuple[tuple[Finding, ...], WaiverFacts]:
    """The findings with their waivers, and how each waiver was used, for the checks on waivers.

    `known` are the ids of all checks. An expired waiver suppresses nothing; of several that apply,
    the first in the file wins.
    """
    noted = tuple(_noted(finding, waivers, now) for finding in findings)
    uses = tuple(_use(waiver, findings, known) for waiver in waivers)
    return noted, WaiverFacts(waivers=Known(uses))


def _noted(finding: Finding, waivers: Sequence[Waiver], now: datetime) -> Finding:
    if finding.status not in _WAIVABLE:
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
    matches = [f for f in judged if f.status in _WAIVABLE and waiver.covers(f.check, f.resource)]
    blind = any(f.status is Status.ERROR for f in judged)
    return WaiverUse(
        waiver=waiver,
        known=waiver.check in known,
        judged=bool(judged) and not blind,
        matches=len(matches),
    )
