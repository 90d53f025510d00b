"""From responses to results: pure, and the same for the same responses.

Where the control failed, at the start or at the end, a refusal proves nothing: a receiver that
refuses everything does not verify. Such results are INCONCLUSIVE, never PASS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.battery import Exchange, Trial
from helpers.webhooks.cases.case import Case
from helpers.webhooks.curl import curl_line
from helpers.webhooks.delivery_rules import band_of
from helpers.webhooks.derived import DERIVED
from helpers.webhooks.frameworks import advice, tell_framework
from helpers.webhooks.records import BatteryResult, CaseOutcome, CaseResult, Expect, VariantResult
from helpers.webhooks.request_builder import Forge, Probe
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import secret_variable
from helpers.webhooks.wire import Answer, Kind

__all__ = ["Judgement", "assess", "judge", "worst"]

_THROTTLED: Final = 429
_ORDER: Final = (
    CaseOutcome.SKIPPED,
    CaseOutcome.PASS,
    CaseOutcome.NOTE,
    CaseOutcome.INCONCLUSIVE,
    CaseOutcome.FAIL,
)
_UNCLEAR: Final = "A redirect neither accepts nor refuses: whether code ran can't be told."
_TOLD: Final = frozenset({CaseOutcome.FAIL, CaseOutcome.NOTE})


@dataclass(frozen=True)
class Judgement:
    """The outcome of one request, how bad it is, and in a few words what was seen.

    `broke`: it went wrong by an error or a dropped connection, not by being accepted.
    """

    outcome: CaseOutcome
    severity: Severity
    observed: str
    broke: bool = False


def judge(case: Case, probe: Probe, answer: Answer) -> Judgement:
    """Judge one answer. Whether the control worked is the assessment's affair."""
    outcome, severity = _rule(case, probe, answer)
    broke = outcome is CaseOutcome.FAIL and not answer.accepted
    return Judgement(outcome, severity, answer.observed, broke=broke)


def worst(outcomes: list[CaseOutcome]) -> CaseOutcome:
    """The outcome that a whole case has."""
    return max(outcomes, key=_ORDER.index, default=CaseOutcome.SKIPPED)


def _rule(case: Case, probe: Probe, answer: Answer) -> tuple[CaseOutcome, Severity]:
    expect, advisory = probe.expect or case.expect, case.advisory or probe.advisory
    fault = CaseOutcome.NOTE if advisory else CaseOutcome.FAIL
    if expect is Expect.ACCEPT:
        return (CaseOutcome.PASS if answer.accepted else fault), case.severity
    if expect is Expect.SURVIVE:
        return (CaseOutcome.PASS if _survived(answer) else CaseOutcome.FAIL), case.severity
    if _refused(probe, answer):
        throttled = answer.status == _THROTTLED
        return (CaseOutcome.INCONCLUSIVE if throttled else CaseOutcome.PASS), case.severity
    if answer.accepted:
        return fault, case.severity
    return CaseOutcome.FAIL, _of_a_break(case)


def _refused(probe: Probe, answer: Answer) -> bool:
    if answer.kind is Kind.ANSWERED:
        return 400 <= answer.status < 500 or answer.status in probe.refusals  # noqa: PLR2004 (4xx)
    return probe.may_close and answer.kind is not Kind.HUNG


def _survived(answer: Answer) -> bool:
    return answer.kind is Kind.ANSWERED and answer.status < 500  # noqa: PLR2004 (5xx)


def _of_a_break(case: Case) -> Severity:
    """A forgery that breaks the receiver was not accepted: bad, but not as bad as that."""
    if case.alone:  # these cases are about breaking
        return case.severity
    return min(case.severity, Severity.MEDIUM, key=lambda severity: severity.rank)


def assess(trial: Trial, forge: Forge) -> BatteryResult:
    """Judge every answer of a trial."""
    framework = tell_framework((trial.control, *(each.answer for each in trial.exchanges)))
    results = [*_judged(trial, forge), *map(_skipped, trial.skipped)]
    told = [_with_advice(result, framework) for result in results]
    order = {case.id: index for index, case in enumerate((*trial.cases, *trial.skipped))}
    return BatteryResult(
        scheme=forge.scheme.name,
        receiver=trial.receiver.address,
        framework=framework,
        control=_control(trial),
        latency=band_of(trial.timed),
        cases=tuple(sorted(told, key=lambda result: (_group(result.id), order[result.id]))),
        notes=tuple(_notes(trial)),
    )


def _group(case_id: str) -> int:
    return "ARELPO".index(case_id[0])


def _control(trial: Trial) -> CaseOutcome:
    """The control passes when a genuine delivery is accepted at the start and at the end."""
    if not trial.control.kind.reached:
        return CaseOutcome.INCONCLUSIVE
    if not trial.control.accepted:
        return CaseOutcome.FAIL
    return CaseOutcome.PASS if trial.ended or trial.closing.accepted else CaseOutcome.INCONCLUSIVE


def _judged(trial: Trial, forge: Forge) -> list[CaseResult]:
    return [
        DERIVED[case.id](case, trial, forge) if case.derived else _case(case, trial, forge)
        for case in trial.cases
    ]


def _case(case: Case, trial: Trial, forge: Forge) -> CaseResult:
    exchanges = [each for each in trial.exchanges if each.case.id == case.id]
    if case.id == "A01":
        exchanges = [Exchange(case, forge.genuine("A01"), trial.control)]
    judged = [(each, _judgement(each, trial)) for each in exchanges]
    if not judged or (case.id == "A01" and not trial.control.kind.reached):
        return _blank(case, CaseOutcome.INCONCLUSIVE, f"not sent: control {trial.control.observed}")
    again = _again(trial, forge)
    variants = tuple(_variant(each, judgement, forge, again) for each, judgement in judged)
    outcome = worst([judgement.outcome for _, judgement in judged])
    worst_ones = [judgement for _, judgement in judged if judgement.outcome is outcome]
    return CaseResult(
        id=case.id,
        title=case.title,
        sent=case.sent,
        expect=case.expect,
        advisory=case.advisory,
        severity=max((each.severity for each in worst_ones), key=lambda severity: severity.rank),
        outcome=outcome,
        observed=", ".join(dict.fromkeys(j.observed for _, j in judged)),
        variants=tuple(dict.fromkeys(variants)),
        consequence=_consequence(case, worst_ones) if outcome in _TOLD else "",
        fix=(case.fix,) if outcome in _TOLD else (),
    )


def _consequence(case: Case, judgements: list[Judgement]) -> str:
    """A forgery that was answered with an error was not accepted: something else follows."""
    if case.expect is not Expect.REFUSE or not all(each.broke for each in judgements):
        return case.consequence
    redirected = all(each.observed.startswith("3") for each in judgements)
    return _UNCLEAR if redirected else case.when_broken


def _judgement(exchange: Exchange, trial: Trial) -> Judgement:
    """What one answer says, with all that is known of the receiver."""
    case, probe = exchange.case, exchange.probe
    found = judge(case, probe, exchange.answer)
    if exchange.missed:
        return replace(found, outcome=CaseOutcome.INCONCLUSIVE, observed=exchange.missed)
    if exchange.died:
        observed = f"{found.observed}, then the receiver was gone"
        severity = max(found.severity, Severity.HIGH, key=lambda severity: severity.rank)
        return Judgement(CaseOutcome.FAIL, severity, observed, broke=True)
    if trial.processed is not None and probe.notification:
        found = _as_observed(found, exchange, probe.notification in trial.processed)
    return found if case.id == "A01" else _by_control(found, exchange, trial)


def _as_observed(found: Judgement, exchange: Exchange, acted: bool) -> Judgement:  # noqa: FBT001 (a fact)
    """A status says accepted, an observer says acted upon: the latter counts."""
    took, case = exchange.answer.accepted, exchange.case
    expect = exchange.probe.expect or case.expect
    if expect is Expect.REFUSE and took and not acted:
        return Judgement(CaseOutcome.PASS, case.severity, f"{found.observed}, not acted upon")
    if expect is Expect.REFUSE and acted and not took:
        return Judgement(CaseOutcome.FAIL, case.severity, f"{found.observed}, but acted upon")
    if expect is Expect.ACCEPT and took and not acted:
        return Judgement(CaseOutcome.FAIL, case.severity, f"{found.observed}, but not acted upon")
    return found


def _by_control(found: Judgement, exchange: Exchange, trial: Trial) -> Judgement:
    control = _control(trial)
    if control is CaseOutcome.PASS:
        return found
    expect = exchange.probe.expect or exchange.case.expect
    empty = found.outcome is CaseOutcome.PASS and expect is Expect.REFUSE
    same = (
        found.outcome is CaseOutcome.FAIL
        and expect is Expect.ACCEPT
        and control is CaseOutcome.FAIL
    )
    return replace(found, outcome=CaseOutcome.INCONCLUSIVE) if empty or same else found


def _again(trial: Trial, forge: Forge) -> tuple[str, ...]:
    """The options of `webhook test` that make it send to this receiver, by this scheme, again."""
    scheme, previous = forge.scheme.name, forge.previous
    return (
        *(() if forge.scheme is WEBHOOK else (f"--scheme {scheme}",)),
        *((f"--previous-secret-variable {previous.variable}",) if previous else ()),
        *(("--revoked",) if previous and previous.revoked else ()),
        *(() if trial.receiver.loopback else ("--consent", "--heavy")),
    )


def _variant(
    exchange: Exchange, judgement: Judgement, forge: Forge, again: tuple[str, ...]
) -> VariantResult:
    line = ""
    if judgement.outcome in _TOLD:
        line = curl_line(
            exchange.probe,
            case_id=exchange.case.id,
            variable=secret_variable(forge.scheme.name),
            algorithm=forge.scheme.algorithm,
            options=again,
        )
    return VariantResult(
        name=exchange.probe.name,
        outcome=judgement.outcome,
        observed=judgement.observed,
        curl=line,
    )


def _skipped(case: Case) -> CaseResult:
    reason = "the address is not https" if case.id == "P08" else "heavy: not asked for"
    return _blank(case, CaseOutcome.SKIPPED, reason)


def _blank(case: Case, outcome: CaseOutcome, observed: str) -> CaseResult:
    return CaseResult(
        id=case.id,
        title=case.title,
        sent=case.sent,
        expect=case.expect,
        advisory=case.advisory,
        severity=case.severity,
        outcome=outcome,
        observed=observed,
    )


def _with_advice(result: CaseResult, framework: str) -> CaseResult:
    if result.outcome is not CaseOutcome.FAIL:
        return result
    return result.model_copy(update={"fix": (*result.fix, *advice(framework))})


def _notes(trial: Trial) -> list[str]:
    notes = []
    if trial.control.kind is not Kind.ANSWERED:
        notes.append(
            f"The receiver could not be tried: the control got {trial.control.observed}, and "
            "nothing else was sent."
        )
    elif 300 <= trial.control.status < 400:  # noqa: PLR2004 (3xx)
        notes.append(
            f"The control was answered with {trial.control.status}: Intercom follows no redirect, "
            "so the address to give is the one that it leads to."
        )
    elif not trial.control.accepted:
        notes.append(
            f"The control was answered with {trial.control.status}: refusals say nothing, "
            "since this receiver refuses genuine deliveries too."
        )
    elif trial.ended:
        again = " Start it again and try those one by one (--case)." if trial.gone else ""
        notes.append(f"The run ended early: {trial.ended}.{again}")
    elif not trial.closing.accepted:
        notes.append(
            f"At the end a genuine delivery got {trial.closing.observed}: refusals may come "
            "from a block or a breakdown, and say nothing."
        )
    if trial.control.version == "1.0":
        notes.append("The receiver answers with HTTP/1.0.")
    return notes
