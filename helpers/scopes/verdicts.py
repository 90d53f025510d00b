"""From probes to verdicts: granted, missing or unknown. Never guessed.

A verdict needs two calls of the same scope that agree, or one whose guard is confirmed (see
`helpers.scopes.verdicts`). A call whose guard turns out to be another scope does not count; calls
that contradict one another make the scope unknown. A 404 for an absent id counts as admission only
where somebody was refused at the same call, which shows that the permission is looked at first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from helpers.intercom.calls import AUDIT_CALLS
from helpers.intercom.scopes import catalog, wider
from helpers.scopes.records import Grant, ProbeAnswer, Reading, ScopeVerdict

__all__ = ["PROBED", "Guards", "verdicts_of"]


@dataclass
class Guards:
    """What has been learned about the guards of the probed calls."""

    _candidates: dict[str, frozenset[str]] = field(default_factory=dict)
    _refusing: set[str] = field(default_factory=set)

    def learn(self, answers: Iterable[ProbeAnswer], holds: frozenset[str] | None = None) -> None:
        """Learn from a token's answers; `holds` are its scopes, where they are known."""
        for answer in answers:
            if answer.reading is Reading.REFUSED:
                self._refusing.add(answer.call)
            if answer.named:
                self._narrow(answer.call, frozenset({answer.named}))
        if holds is not None:
            self._learn_known(answers, holds)

    def checks_first(self, call: str) -> bool:
        """Whether a permission is looked at before the id, since somebody was refused there."""
        return call in self._refusing

    def confirmed(self, call: str, scope: str) -> bool:
        """Whether nothing but this scope can guard the call."""
        return self._candidates.get(call) == frozenset({scope})

    def contradicted(self, call: str, scope: str) -> bool:
        """Whether this scope can't be what guards the call."""
        return call in self._candidates and scope not in self._candidates[call]

    def _learn_known(self, answers: Iterable[ProbeAnswer], holds: frozenset[str]) -> None:
        for answer in answers:
            if answer.reading is Reading.REFUSED:
                self._narrow(answer.call, self._left(answer.call) - holds)
        for answer in answers:
            # a 404 is admission where the permission comes first
            behind = answer.absent and self.checks_first(answer.call)
            if answer.reading is Reading.ADMITTED or behind:
                self._narrow(answer.call, holds)

    def _left(self, call: str) -> frozenset[str]:
        return self._candidates.get(call, frozenset(catalog()))

    def _narrow(self, call: str, to: frozenset[str]) -> None:
        self._candidates[call] = (self._left(call) & to) if call in self._candidates else to


_ENOUGH: Final = 2  # witnesses that agree

# the calls of each scope that a token can be asked with; the activity log is left out, since
# Intercom names two scopes for it
PROBED: Final[Mapping[str, str]] = {
    call.name: call.scope
    for call in AUDIT_CALLS
    if "scopes" in call.steps and call.route != "/admins/activity_logs"
}


def verdicts_of(answers: Iterable[ProbeAnswer], guards: Guards) -> tuple[ScopeVerdict, ...]:
    """A verdict for every scope of the catalog, in its order."""
    by_call = {answer.call: answer for answer in answers}
    alone = {scope: _verdict(scope, by_call, guards) for scope in catalog()}
    return tuple(_in_view_of(verdict, alone) for verdict in alone.values())


def _in_view_of(verdict: ScopeVerdict, others: Mapping[str, ScopeVerdict]) -> ScopeVerdict:
    """Granted means that the token may do it; a wider scope can be what lets it."""
    if verdict.verdict is not Grant.GRANTED:
        return verdict
    may = [key for key in wider(verdict.scope) if others[key].verdict is not Grant.MISSING]
    return verdict.model_copy(update={"through": tuple(may)})


def _verdict(scope: str, answers: Mapping[str, ProbeAnswer], guards: Guards) -> ScopeVerdict:
    mine = tuple(answers[c] for c, s in PROBED.items() if s == scope and c in answers)
    named = tuple(a for a in answers.values() if a.named == scope and a not in mine)
    shown = mine + named
    if not shown:
        return ScopeVerdict(scope=scope, verdict=Grant.UNKNOWN, why=_unasked(scope))
    verdict, why = _weigh(list(_witnesses(scope, shown, guards)))
    return ScopeVerdict(scope=scope, verdict=verdict, why=why, answers=shown)


def _witnesses(
    scope: str, answers: Iterable[ProbeAnswer], guards: Guards
) -> Iterator[tuple[Reading, bool]]:
    """What each call says, and whether its guard is confirmed."""
    for answer in answers:
        if guards.contradicted(answer.call, scope):
            continue
        reading = answer.reading
        if answer.absent and guards.checks_first(answer.call):
            reading = Reading.ADMITTED
        if reading is not Reading.SILENT:
            yield reading, guards.confirmed(answer.call, scope)


def _weigh(witnesses: list[tuple[Reading, bool]]) -> tuple[Grant, str]:
    readings = {reading for reading, _ in witnesses}
    if not readings:
        return Grant.UNKNOWN, "no answer is conclusive"
    if len(readings) > 1:
        return Grant.UNKNOWN, "its calls contradict one another"
    confirmed = any(sure for _, sure in witnesses)
    if not confirmed and len(witnesses) < _ENOUGH:
        return Grant.UNKNOWN, "only one call, and nothing confirms which scope guards it"
    how = "its guard is confirmed" if confirmed else f"{len(witnesses)} calls agree"
    return (Grant.GRANTED if readings == {Reading.ADMITTED} else Grant.MISSING), how


def _unasked(scope: str) -> str:
    if scope in PROBED.values():
        return "not probed: write probes are off"
    return "no safe call is known"
