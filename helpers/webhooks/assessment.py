"""From responses to results: pure, and the same for the same responses.

Where the control failed, at the start or at the end, a refusal proves nothing: a receiver that
refuses everything does not verify. Such results are INCONCLUSIVE, never PASS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.battery import BatteryRun, Exchange
from helpers.webhooks.cases.case import Case
from helpers.webhooks.curl import repeat_line
from helpers.webhooks.delivery_rules import band_of
from helpers.webhooks.derived import DERIVED
from helpers.webhooks.frameworks import advice, detect_framework
from helpers.webhooks.framing import DISPUTED, Framing
from helpers.webhooks.grouping import group_cases
from helpers.webhooks.records import BatteryResult, CaseOutcome, CaseResult, Expect, VariantResult
from helpers.webhooks.refusal import explain_refusal
from helpers.webhooks.request_builder import ReceiverRequest, RequestBuilder
from helpers.webhooks.signatures import Scheme
from helpers.webhooks.wire import ReceiverResponse, ResponseKind

__all__ = ["Judgement", "assess", "judge", "worst"]

_THROTTLED: Final = 429
_ORDER: Final = (
    CaseOutcome.SKIPPED,
    CaseOutcome.PASS,
    CaseOutcome.NOTE,
    CaseOutcome.INCONCLUSIVE,
    CaseOutcome.FAIL,
)
_UNCLEAR: Final = (
    "A redirect neither accepts nor refuses: whether the code acted on the request is unknown."
)
_REPORTED: Final = frozenset({CaseOutcome.FAIL, CaseOutcome.NOTE})


@dataclass(frozen=True)
class Judgement:
    """The outcome of one request, its severity, and what was observed in a few words.

    `broke`: it failed with an error or a dropped connection, not by being accepted.
    """

    outcome: CaseOutcome
    severity: Severity
    observed: str
    broke: bool = False


def judge(case: Case, request: ReceiverRequest, response: ReceiverResponse) -> Judgement:
    """Judge one response, without regard to the control."""
    outcome, severity = _rule(case, request, response)
    broke = outcome is CaseOutcome.FAIL and not response.accepted
    return Judgement(outcome, severity, response.observed, broke=broke)


def worst(outcomes: list[CaseOutcome]) -> CaseOutcome:
    """The outcome of a whole case."""
    return max(outcomes, key=_ORDER.index, default=CaseOutcome.SKIPPED)


def _rule(
    case: Case, request: ReceiverRequest, response: ReceiverResponse
) -> tuple[CaseOutcome, Severity]:
    expect, advisory = request.expect or case.expect, case.advisory or request.advisory
    fault = CaseOutcome.NOTE if advisory else CaseOutcome.FAIL
    if expect is Expect.ACCEPT:
        throttled = request.at_once and response.status == _THROTTLED  # a rate limit, not a loss
        missing = CaseOutcome.NOTE if throttled else fault
        return (CaseOutcome.PASS if response.accepted else missing), case.severity
    if expect is Expect.SURVIVE:
        return (CaseOutcome.PASS if _survived(response) else CaseOutcome.FAIL), case.severity
    if _refused(request, response):
        throttled = response.status == _THROTTLED and not request.at_once
        return (CaseOutcome.INCONCLUSIVE if throttled else CaseOutcome.PASS), case.severity
    if response.accepted:
        return fault, case.severity
    if response.kind is ResponseKind.HUNG and _may_wait(request):
        return CaseOutcome.INCONCLUSIVE, case.severity
    return CaseOutcome.FAIL, _severity_of_a_break(case)


def _may_wait(request: ReceiverRequest) -> bool:
    """True if a sound receiver may keep it waiting: for its turn, or for the rest of the body."""
    return request.at_once or request.framing in {Framing.CUT, *DISPUTED}


def _refused(request: ReceiverRequest, response: ReceiverResponse) -> bool:
    if response.kind is ResponseKind.ANSWERED:
        return 400 <= response.status < 500 or response.status in request.refusals  # noqa: PLR2004 (4xx)
    return request.may_close and response.kind is not ResponseKind.HUNG


def _survived(response: ReceiverResponse) -> bool:
    return response.kind is ResponseKind.ANSWERED and response.status < 500  # noqa: PLR2004 (5xx)


def _severity_of_a_break(case: Case) -> Severity:
    """A forgery that breaks the receiver was not accepted, which is less severe."""
    if case.id.startswith("E"):  # these cases test for breakage
        return case.severity
    return min(case.severity, Severity.MEDIUM, key=lambda severity: severity.rank)


def assess(run: BatteryRun, builder: RequestBuilder) -> BatteryResult:
    """Judge every response of a run."""
    framework = detect_framework((run.control, *(each.response for each in run.exchanges)))
    results = [*_judged(run, builder), *map(_skipped, run.skipped)]
    advised = [_with_advice(result, framework) for result in results]
    order = {case.id: index for index, case in enumerate((*run.cases, *run.skipped))}
    ranked = tuple(sorted(advised, key=lambda result: (_group(result.id), order[result.id])))
    return BatteryResult(
        scheme=builder.scheme.name,
        receiver=run.receiver.address,
        framework=framework,
        control=_control(run),
        latency=band_of(run.timed),
        cases=ranked,
        notes=tuple(_notes(run, builder.scheme)),
        groups=group_cases(ranked, observed=run.processed is not None),
        endpoint=run.endpoint,
    )


def _group(case_id: str) -> int:
    return "ARELPO".index(case_id[0])


def _control(run: BatteryRun) -> CaseOutcome:
    """The control passes if a genuine delivery is accepted at the start and at the end."""
    if not run.control.kind.reached:
        return CaseOutcome.INCONCLUSIVE
    if not run.control.accepted:
        return CaseOutcome.FAIL
    return CaseOutcome.PASS if run.ended or run.closing.accepted else CaseOutcome.INCONCLUSIVE


def _judged(run: BatteryRun, builder: RequestBuilder) -> list[CaseResult]:
    return [
        DERIVED[case.id](case, run, builder) if case.derived else _case(case, run, builder)
        for case in run.cases
    ]


def _case(case: Case, run: BatteryRun, builder: RequestBuilder) -> CaseResult:
    exchanges = [each for each in run.exchanges if each.case.id == case.id]
    if case.id == "A01":
        exchanges = [Exchange(case, builder.genuine("A01"), run.control)]
    judged = [(each, _judgement(each, run)) for each in exchanges]
    if not judged or (case.id == "A01" and not run.control.kind.reached):
        return _blank(case, CaseOutcome.INCONCLUSIVE, f"not sent: control {run.control.observed}")
    variants = tuple(_variant(each, judgement, run, builder) for each, judgement in judged)
    outcome = worst([judgement.outcome for _, judgement in judged])
    worst_ones = [judgement for _, judgement in judged if judgement.outcome is outcome]
    shown = worst_ones if outcome is CaseOutcome.INCONCLUSIVE else [each for _, each in judged]
    return CaseResult(
        id=case.id,
        title=case.title,
        sent=case.sent,
        expect=case.expect,
        advisory=case.advisory,
        severity=max((each.severity for each in worst_ones), key=lambda severity: severity.rank),
        outcome=outcome,
        observed=", ".join(dict.fromkeys(j.observed for j in shown)),
        variants=tuple(dict.fromkeys(variants)),
        consequence=_consequence(case, worst_ones, variants) if outcome in _REPORTED else "",
        fix=(case.fix,) if outcome in _REPORTED else (),
    )


def _consequence(
    case: Case, judgements: list[Judgement], variants: tuple[VariantResult, ...]
) -> str:
    """A forgery answered with an error was not accepted, so it has another consequence."""
    if case.expect is not Expect.REFUSE or not all(each.broke for each in judgements):
        return (_digits_passed(variants) if case.id == "R09" else "") or case.consequence
    redirected = all(each.observed.startswith("3") for each in judgements)
    return _UNCLEAR if redirected else case.when_broken


def _digits_passed(variants: tuple[VariantResult, ...]) -> str:
    """How many digits of a digest are enough for this receiver; empty if none was accepted."""
    taken = [v.name for v in variants if v.outcome is CaseOutcome.FAIL and v.observed[0] == "2"]
    if not taken:
        return ""
    fewest = min(int(name.split()[1]) for name in taken)
    return (
        f"{fewest} digit{'s' if fewest > 1 else ''} of the digest passed: an attacker needs at "
        f"most 16^{fewest} tries."
    )


def _judgement(exchange: Exchange, run: BatteryRun) -> Judgement:
    """Judge one response, given everything that is known about the receiver."""
    case, request = exchange.case, exchange.request
    found = judge(case, request, exchange.response)
    if exchange.not_sent:
        return replace(found, outcome=CaseOutcome.INCONCLUSIVE, observed=exchange.not_sent)
    if exchange.failure_after:
        observed = f"{found.observed}, then the receiver was gone"
        severity = max(found.severity, Severity.HIGH, key=lambda severity: severity.rank)
        return Judgement(CaseOutcome.FAIL, severity, observed, broke=True)
    if exchange.unclear_after and found.outcome is CaseOutcome.PASS:
        observed = f"{found.observed}, then a genuine delivery got {exchange.unclear_after}"
        return replace(found, outcome=CaseOutcome.INCONCLUSIVE, observed=observed)
    if run.processed is not None and request.notification:
        found = _as_observed(found, exchange, run.processed.get(request.notification, 0))
    return found if case.id == "A01" else _by_control(found, exchange, run)


def _as_observed(found: Judgement, exchange: Exchange, times: int) -> Judgement:
    """A status means accepted, an observer reports acted upon: the observer counts."""
    took, case, request = exchange.response.accepted, exchange.case, exchange.request
    expect = request.expect or case.expect
    if expect is Expect.REFUSE and took and not times:
        return Judgement(CaseOutcome.PASS, case.severity, f"{found.observed}, not acted upon")
    hidden = not took or found.outcome is CaseOutcome.PASS  # the answer alone raised no doubt
    if expect is Expect.REFUSE and times and hidden:
        return Judgement(CaseOutcome.FAIL, case.severity, f"{found.observed}, but acted upon")
    if expect is Expect.ACCEPT and took and not times:
        return Judgement(CaseOutcome.FAIL, case.severity, f"{found.observed}, but not acted upon")
    if request.once and times > 1:
        again = f"{found.observed}, but acted upon {times} times"
        return Judgement(CaseOutcome.FAIL, case.severity, again)
    return found


def _by_control(found: Judgement, exchange: Exchange, run: BatteryRun) -> Judgement:
    control = _control(run)
    if control is CaseOutcome.PASS:
        return found
    expect = exchange.request.expect or exchange.case.expect
    empty = found.outcome is CaseOutcome.PASS and expect is Expect.REFUSE
    same = (
        found.outcome is CaseOutcome.FAIL
        and expect is Expect.ACCEPT
        and control is CaseOutcome.FAIL
    )
    return replace(found, outcome=CaseOutcome.INCONCLUSIVE) if empty or same else found


def _variant(
    exchange: Exchange, judgement: Judgement, run: BatteryRun, builder: RequestBuilder
) -> VariantResult:
    line = ""
    if judgement.outcome in _REPORTED:
        line = repeat_line(exchange.case.id, exchange.request, run, builder)
    return VariantResult(
        name=exchange.request.name,
        outcome=judgement.outcome,
        observed=judgement.observed,
        curl=line,
    )


def _skipped(case: Case) -> CaseResult:
    reason = "the address is not https" if case.id == "P08" else "heavy: not requested"
    if case.observed:
        reason = "not observed: no status shows it (--processed)"
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
    broke = any(v.observed.startswith("5") for v in result.failing)
    return result.model_copy(
        update={"fix": (*result.fix, *advice(framework, result.id, broke=broke))}
    )


def _notes(run: BatteryRun, scheme: Scheme) -> list[str]:
    notes = []
    if run.control.kind is not ResponseKind.ANSWERED:
        notes.append(
            f"The receiver could not be tested: the control got {run.control.observed}, and "
            "nothing else was sent."
        )
    elif 300 <= run.control.status < 400:  # noqa: PLR2004 (3xx)
        notes.append(
            f"The control was answered with {run.control.status}: Intercom follows no redirect, "
            "so configure the address that it leads to."
        )
    elif not run.control.accepted:
        notes.append(
            f"The control was answered with {run.control.status}: refusals prove nothing, "
            "since this receiver refuses genuine deliveries too."
        )
        sent = {scheme.header.lower(), *(name.lower() for name in run.header_names)}
        notes += explain_refusal(run.control, run.accepted_ways, frozenset(sent), scheme)
    elif run.ended:
        again = " Start it again and test those cases one by one (--case)." if run.gone else ""
        notes.append(f"The run ended early: {run.ended}.{again}")
    elif not run.closing.accepted:
        notes.append(
            f"At the end a genuine delivery got {run.closing.observed}: refusals may come "
            "from a block or a breakdown, and prove nothing."
        )
    if run.control.version == "1.0":
        notes.append("The receiver answers with HTTP/1.0.")
    return notes
