"""Which scope guards a route: what the catalog believes, and what answers have shown.

The catalog's pairs of scope and route are partly inferred, so they are not trusted alone. Any token
helps: a refusal may name the scope it wants, and shows that the permission is looked at before the
id. A token whose scopes are known narrows it further: a route that admits it is guarded by one of
them, and a route that refuses it by none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from helpers.intercom.records import ProbeAnswer, Reading
from helpers.intercom.scopes import catalog

__all__ = ["Guards"]


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
