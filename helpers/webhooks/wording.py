"""A battery's result in plain words, for a terminal and for a failing test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from helpers.webhooks.records import BatteryResult, CaseResult, Outcome

__all__ = ["case_lines", "headline", "result_lines"]

_WORDS: Final = {
    Outcome.PASS: "ok",
    Outcome.NOTE: "note",
    Outcome.FAIL: "FAIL",
    Outcome.INCONCLUSIVE: "says nothing",
    Outcome.SKIPPED: "left out",
}
_SHORT: Final = frozenset({Outcome.PASS, Outcome.SKIPPED})
_INDENT: Final = "      "


def result_lines(result: BatteryResult, *, every: bool = False) -> Iterator[str]:
    """The whole result: what failed, worst first, then the rest in short, then the headline."""
    if not _judged(result):
        yield from (*result.notes, headline(result))
        return
    wrong = [case for case in result.cases if case.outcome is Outcome.FAIL]
    for case in sorted(wrong, key=lambda case: -case.severity.rank):
        yield from case_lines(case)
        yield ""
    for case in result.cases:
        if case.outcome is Outcome.NOTE or (every and case.outcome in _SHORT):
            yield f"{_WORDS[case.outcome]:<13}{case.id}  {case.title}: {case.observed}"
    yield from _unjudged(result)
    yield from (f"Note: {note}" for note in result.notes)
    yield headline(result)


def _judged(result: BatteryResult) -> int:
    return result.count(Outcome.PASS, Outcome.NOTE, Outcome.FAIL)


def _unjudged(result: BatteryResult) -> Iterator[str]:
    """What says nothing, a line for each reason: one reason often holds for many cases."""
    reasons: dict[str, list[str]] = {}
    for case in result.cases:
        if case.outcome is Outcome.INCONCLUSIVE:
            reasons.setdefault(case.observed, []).append(case.id)
    for reason, ids in reasons.items():
        yield f"{_WORDS[Outcome.INCONCLUSIVE]:<13}{', '.join(ids)}: {reason}"


def case_lines(case: CaseResult) -> Iterator[str]:
    """One case that went wrong: what was seen, what it means, what to change, how to repeat it."""
    yield f"{_WORDS[case.outcome]}  {case.severity}  {case.id}  {case.title}"
    yield f"{_INDENT}Sent: {case.sent}"
    yield f"{_INDENT}Seen: {case.observed}"
    if case.consequence:
        yield f"{_INDENT}{case.consequence}"
    yield from (f"{_INDENT}Fix: {line}" for line in case.fix)
    again = next((variant.curl for variant in case.failing if variant.curl), "")
    if again:
        yield f"{_INDENT}Again: {again}"


def headline(result: BatteryResult) -> str:
    """The result in a sentence or two."""
    wrong = result.count(Outcome.FAIL)
    if not _judged(result):
        return "So nothing was judged. Start the receiver, or mend the address."
    tried = len(result.cases) - result.count(Outcome.SKIPPED)
    first = f"{wrong} of {tried} cases failed." if wrong else f"None of {tried} cases failed."
    unjudged = result.count(Outcome.INCONCLUSIVE)
    first += f" {unjudged} say nothing." if unjudged else ""
    about = f" It looks like {result.framework}." if result.framework else ""
    control = {
        Outcome.PASS: "Genuine deliveries are accepted",
        Outcome.FAIL: "Genuine deliveries are refused, so other refusals say nothing",
    }.get(result.control, "Genuine deliveries were not accepted throughout")
    return f"{first} {control}; they are answered in {result.latency}.{about}".replace(
        "in not measured", "in unknown time"
    )
