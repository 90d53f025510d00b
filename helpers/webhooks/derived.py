"""The cases that send nothing and are judged from all responses together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.battery import BatteryRun
from helpers.webhooks.cases.case import Case
from helpers.webhooks.curl import repeat_line
from helpers.webhooks.delivery_rules import band_of, side_effect
from helpers.webhooks.leaks import ResponseLeak, find_leaks
from helpers.webhooks.records import CaseOutcome, CaseResult, LatencyBand, VariantResult
from helpers.webhooks.request_builder import ReceiverRequest, RequestBuilder
from helpers.webhooks.wire import ResponseKind

__all__ = ["DERIVED"]

_SHOWN: Final = 3  # requests listed for one kind of leak
_SEARCHED: Final = 16 * 2**20  # bytes of a run's responses that are searched for leaks, each whole
_LEAST: Final = 16_384  # bytes that are searched of a response after that


def _leaks(case: Case, run: BatteryRun, builder: RequestBuilder) -> CaseResult:
    found = list(_found(run, builder))
    kinds = {leak.what: leak for _, leak in found}
    variants = tuple(
        VariantResult(
            name=request.name,
            outcome=CaseOutcome.FAIL,
            observed=what,
            curl=repeat_line(request.name[:3], request, run, builder),
        )
        for what in kinds
        for request in [request for request, leak in found if leak.what == what][:_SHOWN]
    )
    severity = max((leak.severity for leak in kinds.values()), key=_rank, default=case.severity)
    outcome, observed = _unless_silent(run), "nothing"
    if sum(len(each.response.body) for each in run.exchanges) > _SEARCHED:
        outcome, observed = CaseOutcome.INCONCLUSIVE, "nothing in the part that was searched"
    if kinds:
        outcome, observed = CaseOutcome.FAIL, ", ".join(kinds)
    result = _result(case, outcome, observed, severity, variants)
    means = " ".join(dict.fromkeys(leak.means for leak in kinds.values()))
    return result.model_copy(update={"consequence": means})


def _found(
    run: BatteryRun, builder: RequestBuilder
) -> Iterator[tuple[ReceiverRequest, ResponseLeak]]:
    pairs = [(builder.genuine("A01"), run.control)]
    pairs += [(each.request, each.response) for each in run.exchanges]
    left = _SEARCHED
    for request, response in pairs:
        part = replace(response, body=response.body[: max(left, _LEAST)])
        left -= len(part.body)
        for leak in find_leaks(builder, request, part):
            yield request, leak


def _survival(case: Case, run: BatteryRun, _builder: RequestBuilder) -> CaseResult:
    if run.gone:
        return _result(case, CaseOutcome.FAIL, run.ended, case.severity)
    late = run.ended or run.control.kind is not ResponseKind.ANSWERED
    observed = run.ended or run.closing.observed
    return _result(
        case, CaseOutcome.INCONCLUSIVE if late else CaseOutcome.PASS, observed, case.severity
    )


def _latency(case: Case, run: BatteryRun, _builder: RequestBuilder) -> CaseResult:
    band = band_of(run.timed)
    outcome = {
        LatencyBand.FAST: CaseOutcome.PASS,
        LatencyBand.SLOW: CaseOutcome.NOTE,
        LatencyBand.TOO_SLOW: CaseOutcome.FAIL,
        LatencyBand.UNKNOWN: CaseOutcome.INCONCLUSIVE,
    }[band]
    return _result(case, outcome, band, case.severity)


def _acted_upon(case: Case, run: BatteryRun, builder: RequestBuilder) -> CaseResult:
    pairs = [(builder.genuine("A01"), run.control)]
    pairs += [(each.request, each.response) for each in run.exchanges if _is_plain(each.request)]
    variants = tuple(
        VariantResult(
            name=request.name,
            outcome=CaseOutcome.FAIL,
            observed=side_effect(response),
            curl=repeat_line(request.name[:3], request, run, builder),
        )
        for request, response in pairs
        if side_effect(response)
    )
    observed = ", ".join(dict.fromkeys(variant.observed for variant in variants)) or "none"
    outcome = CaseOutcome.FAIL if variants else _unless_silent(run)
    return _result(case, outcome, observed, case.severity, variants)


def _is_plain(request: ReceiverRequest) -> bool:
    """Genuine, and not one of a burst: a rate limit may throttle that."""
    return request.genuine and not request.at_once


def _unless_silent(run: BatteryRun) -> CaseOutcome:
    return (
        CaseOutcome.PASS if run.control.kind is ResponseKind.ANSWERED else CaseOutcome.INCONCLUSIVE
    )


def _result(
    case: Case,
    outcome: CaseOutcome,
    observed: str,
    severity: Severity,
    variants: tuple[VariantResult, ...] = (),
) -> CaseResult:
    reported = outcome in {CaseOutcome.FAIL, CaseOutcome.NOTE}
    return CaseResult(
        id=case.id,
        title=case.title,
        sent=case.sent,
        expect=case.expect,
        advisory=case.advisory,
        severity=severity,
        outcome=outcome,
        observed=observed,
        variants=variants,
        consequence=case.consequence if reported else "",
        fix=(case.fix,) if reported else (),
    )


def _rank(severity: Severity) -> int:
    return severity.rank


DERIVED: Final[Mapping[str, Callable[[Case, BatteryRun, RequestBuilder], CaseResult]]] = {
    "E12": _survival,
    "L01": _leaks,
    "P01": _latency,
    "P03": _acted_upon,
}
