"""One bug, one finding: cases that fail for the same reason are reported together.

Pure. The cases keep their own outcomes; a group says what they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.records import CaseGroup, CaseOutcome, CaseResult, Expect, VariantResult

__all__ = ["group_cases"]

_FEW: Final = 5  # failing cases with one reason; fewer are reported one by one
_FORGERIES: Final = frozenset({"R01", "R04", "R05", "R06"})  # each breaks another part of a check
_ASK: Final = (
    "Does it answer before it verifies? Make it write the ids that it acts upon to a file, and "
    "run this again with --processed FILE."
)
_VERIFY: Final = (
    "Verify before you answer: refuse a request without exactly one valid signature with 401."
)


def group_cases(cases: Sequence[CaseResult], *, observed: bool) -> tuple[CaseGroup, ...]:
    """The groups, worst first. `observed`: it is known which deliveries the receiver acts upon."""
    groups = (_accepted(cases, observed=observed), _crashed(cases))
    return tuple(group for group in groups if group is not None)


def _accepted(cases: Sequence[CaseResult], *, observed: bool) -> CaseGroup | None:
    """All forgeries are answered 2xx: either nothing is verified, or only after the answer."""
    taken = [case for case in _refusable(cases) if all(_is_2xx(v) for v in case.failing)]
    if not {case.id for case in taken if len(case.failing) == len(case.variants)} >= _FORGERIES:
        return None
    return CaseGroup(
        id="G01",
        title="Every forgery is answered with 2xx",
        severity=Severity.CRITICAL,
        cases=tuple(case.id for case in taken),
        observed=_statuses(taken),
        consequence="Anyone who knows the URL can make the receiver act on invented deliveries, "
        + ("and it does." if observed else "unless it verifies later."),
        fix=(_VERIFY,) if observed else (_ASK, _VERIFY),
        curl=_first_line(taken),
    )


def _crashed(cases: Sequence[CaseResult]) -> CaseGroup | None:
    """An error answers what should be refused: one uncaught exception, seen from many sides."""
    broken = [case for case in _refusable(cases) if all(_is_5xx(v) for v in case.failing)]
    if len(broken) < _FEW:
        return None
    return CaseGroup(
        id="G02",
        title="An error in place of a refusal",
        severity=Severity.CRITICAL,
        cases=tuple(case.id for case in broken),
        observed=_statuses(broken),
        consequence="Anyone who knows the URL can make it fail at will, without a signature; "
        "errors in a row make Intercom pause deliveries.",
        fix=("Catch the error of a failed verification once, for all of these, and answer 401.",),
        curl=_first_line(broken),
    )


def _refusable(cases: Sequence[CaseResult]) -> list[CaseResult]:
    """Failing cases whose requests had to be refused, with the requests that failed."""
    return [
        case
        for case in cases
        if case.expect is Expect.REFUSE and case.outcome is CaseOutcome.FAIL and case.failing
    ]


def _is_2xx(variant: VariantResult) -> bool:
    return variant.observed.startswith("2")


def _is_5xx(variant: VariantResult) -> bool:
    return variant.observed[:3].isdigit() and variant.observed.startswith("5")


def _statuses(cases: Sequence[CaseResult]) -> str:
    seen = dict.fromkeys(variant.observed for case in cases for variant in case.failing)
    return ", ".join(seen)


def _first_line(cases: Sequence[CaseResult]) -> str:
    return next((v.curl for case in cases for v in case.failing if v.curl), "")
