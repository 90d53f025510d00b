"""What an answer says, by what was expected: pure, and the whole of the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.answers import Answer, Kind
from helpers.webhooks.cases.case import Case
from helpers.webhooks.probes import Probe
from helpers.webhooks.records import Expect, Outcome

__all__ = ["Judgement", "accepted", "judge", "worst"]

_THROTTLED: Final = 429
_ORDER: Final = (
    Outcome.SKIPPED,
    Outcome.PASS,
    Outcome.NOTE,
    Outcome.INCONCLUSIVE,
    Outcome.FAIL,
)


@dataclass(frozen=True)
class Judgement:
    """The outcome of one request, how bad it is, and in a few words what was seen.

    `broke`: it went wrong by an error or a dropped connection, not by being accepted.
    """

    outcome: Outcome
    severity: Severity
    observed: str
    broke: bool = False


def accepted(answer: Answer) -> bool:
    """True for a 2xx: to Intercom, and so to us, this delivery was taken."""
    return answer.kind is Kind.ANSWERED and 200 <= answer.status < 300  # noqa: PLR2004 (2xx)


def judge(case: Case, probe: Probe, answer: Answer) -> Judgement:
    """Judge one answer. Whether the control worked is the assessment's affair."""
    outcome, severity = _rule(case, probe, answer)
    broke = outcome is Outcome.FAIL and not accepted(answer)
    return Judgement(outcome, severity, answer.observed, broke=broke)


def worst(outcomes: list[Outcome]) -> Outcome:
    """The outcome that a whole case has."""
    return max(outcomes, key=_ORDER.index, default=Outcome.SKIPPED)


def _rule(case: Case, probe: Probe, answer: Answer) -> tuple[Outcome, Severity]:
    expect, advisory = probe.expect or case.expect, case.advisory or probe.advisory
    fault = Outcome.NOTE if advisory else Outcome.FAIL
    if expect is Expect.ACCEPT:
        return (Outcome.PASS if accepted(answer) else fault), case.severity
    if expect is Expect.SURVIVE:
        return (Outcome.PASS if _survived(answer) else Outcome.FAIL), case.severity
    if _refused(probe, answer):
        throttled = answer.status == _THROTTLED
        return (Outcome.INCONCLUSIVE if throttled else Outcome.PASS), case.severity
    if accepted(answer):
        return fault, case.severity
    return Outcome.FAIL, _of_a_break(case)


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
