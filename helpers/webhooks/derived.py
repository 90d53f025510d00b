"""The cases that send nothing: what all the answers together give away, and how they serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.battery import Trial
from helpers.webhooks.cases.case import Case
from helpers.webhooks.delivery_rules import acted_upon, band_of
from helpers.webhooks.leaks import Leak, find_leaks
from helpers.webhooks.records import CaseOutcome, CaseResult, LatencyBand, VariantResult
from helpers.webhooks.request_builder import Forge, Probe
from helpers.webhooks.wire import Kind

__all__ = ["DERIVED"]

_SHOWN: Final = 3  # requests that are named for one kind of leak


def _leaks(case: Case, trial: Trial, forge: Forge) -> CaseResult:
    found = list(_found(trial, forge))
    kinds = {leak.what: leak for _, leak in found}
    variants = tuple(
        VariantResult(name=probe.name, outcome=CaseOutcome.FAIL, observed=what)
        for what in kinds
        for probe in [probe for probe, leak in found if leak.what == what][:_SHOWN]
    )
    severity = max((leak.severity for leak in kinds.values()), key=_rank, default=case.severity)
    outcome = CaseOutcome.FAIL if kinds else _unless_silent(trial)
    result = _result(case, outcome, ", ".join(kinds) or "nothing", severity, variants)
    means = " ".join(dict.fromkeys(leak.means for leak in kinds.values()))
    return result.model_copy(update={"consequence": means})


def _found(trial: Trial, forge: Forge) -> Iterator[tuple[Probe, Leak]]:
    pairs = [(forge.genuine("A01"), trial.control)]
    pairs += [(each.probe, each.answer) for each in trial.exchanges]
    for probe, answer in pairs:
        for leak in find_leaks(forge, probe, answer):
            yield probe, leak


def _outlived(case: Case, trial: Trial, _forge: Forge) -> CaseResult:
    if trial.gone:
        return _result(case, CaseOutcome.FAIL, trial.ended, case.severity)
    late = trial.ended or trial.control.kind is not Kind.ANSWERED
    observed = trial.ended or trial.closing.observed
    return _result(
        case, CaseOutcome.INCONCLUSIVE if late else CaseOutcome.PASS, observed, case.severity
    )


def _latency(case: Case, trial: Trial, _forge: Forge) -> CaseResult:
    band = band_of(trial.timed)
    outcome = {
        LatencyBand.FAST: CaseOutcome.PASS,
        LatencyBand.SLOW: CaseOutcome.NOTE,
        LatencyBand.TOO_SLOW: CaseOutcome.FAIL,
        LatencyBand.UNKNOWN: CaseOutcome.INCONCLUSIVE,
    }[band]
    return _result(case, outcome, band, case.severity)


def _acted_upon(case: Case, trial: Trial, forge: Forge) -> CaseResult:
    pairs = [(forge.genuine("A01"), trial.control)]
    pairs += [(each.probe, each.answer) for each in trial.exchanges if each.probe.genuine]
    variants = tuple(
        VariantResult(name=probe.name, outcome=CaseOutcome.FAIL, observed=acted_upon(answer))
        for probe, answer in pairs
        if acted_upon(answer)
    )
    observed = ", ".join(dict.fromkeys(variant.observed for variant in variants)) or "none"
    outcome = CaseOutcome.FAIL if variants else _unless_silent(trial)
    return _result(case, outcome, observed, case.severity, variants)


def _unless_silent(trial: Trial) -> CaseOutcome:
    return CaseOutcome.PASS if trial.control.kind is Kind.ANSWERED else CaseOutcome.INCONCLUSIVE


def _result(
    case: Case,
    outcome: CaseOutcome,
    observed: str,
    severity: Severity,
    variants: tuple[VariantResult, ...] = (),
) -> CaseResult:
    told = outcome in {CaseOutcome.FAIL, CaseOutcome.NOTE}
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
        consequence=case.consequence if told else "",
        fix=(case.fix,) if told else (),
    )


def _rank(severity: Severity) -> int:
    return severity.rank


DERIVED: Final[Mapping[str, Callable[[Case, Trial, Forge], CaseResult]]] = {
    "E12": _outlived,
    "L01": _leaks,
    "P01": _latency,
    "P03": _acted_upon,
}
