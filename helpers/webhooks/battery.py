"""Test a receiver: the control, then every other case, in bounded time.

Cases that do not depend on order are sent together. A malformed request is sent alone and followed
by a genuine one, since a receiver may die of it only after it has answered. Nothing here judges.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from helpers.core.errors import UsageError
from helpers.webhooks.cases import Case, applicable, case_named
from helpers.webhooks.records import Receiver
from helpers.webhooks.request_builder import Forge, Probe
from helpers.webhooks.target import Target
from helpers.webhooks.wire import Answer, Kind, send

__all__ = ["OUT_OF_TIME", "Exchange", "Options", "Trial", "try_receiver"]

OUT_OF_TIME: Final = "the time for the whole run was up"
Observer = Callable[[], Collection[str]]
_RETRY: Final = 0.1  # seconds between two looks whether a receiver is back
_BROKEN: Final = frozenset({Kind.CLOSED, Kind.HUNG, Kind.GARBAGE})
_LOOKS: Final = 5  # timed controls at the start, so that a short run has a latency too


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. `missed` says why it was not sent, `died` what followed it."""

    case: Case
    probe: Probe
    answer: Answer
    missed: str = ""
    died: str = ""


@dataclass(frozen=True)
class Trial:
    """One run. `timed` are the genuine deliveries that went alone; `ended` says why it was short.

    `processed` are the ids that the receiver acted upon, where somebody observed them.
    """

    receiver: Receiver
    cases: tuple[Case, ...]
    skipped: tuple[Case, ...]
    control: Answer
    closing: Answer
    exchanges: tuple[Exchange, ...]
    timed: tuple[Answer, ...]
    processed: frozenset[str] | None = None
    ended: str = ""

    @property
    def gone(self) -> bool:
        """True where the receiver died and stayed dead."""
        return bool(self.ended) and self.ended != OUT_OF_TIME


@dataclass(frozen=True)
class Options:
    """How a run is made. Times are seconds.

    `consent` lets requests leave the machine, `heavy` adds large bodies, bursts and odd framings
    for such a receiver. `observer` answers the ids of the deliveries that were acted upon.
    """

    cases: tuple[str, ...] = ()
    consent: bool = False
    heavy: bool = False
    timeout: float = 8.0
    budget: float = 120.0
    recovery: float = 2.0
    parallel: int = 8
    headers: tuple[tuple[str, str], ...] = ()
    observer: Observer | None = None
    progress: Callable[[str], None] = field(default=lambda _message: None)


def try_receiver(target: Target, forge: Forge, options: Options) -> Trial:
    """Send everything; the answers unjudged, for who wants figures."""
    if not target.loopback and not options.consent:
        raise UsageError(
            "The receiver is not on this machine: the battery sends it about 130 requests.",
            "Say that you may do that: --consent (and --heavy for large bodies and bursts).",
        )
    return _Run(target, forge, options).trial()


class _Run:
    def __init__(self, target: Target, forge: Forge, options: Options) -> None:
        self._target = target
        self._forge = forge
        self._options = options
        self._end = time.perf_counter() + options.budget
        self._timed: list[Answer] = []
        self._dead = ""

    def trial(self) -> Trial:
        cases, skipped = self._chosen()
        control = self._control()
        if control.kind is not Kind.ANSWERED:
            return self._ended(cases, skipped, control, (), control)
        for _ in range(_LOOKS - 1):
            self._look()
        exchanges = [*self._together(cases), *self._one_by_one(cases)]
        closing = control if self._dead else self._look()
        return self._ended(cases, skipped, control, tuple(exchanges), closing)

    def _chosen(self) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
        wanted = {case_named(case_id).id for case_id in self._options.cases}
        heavy = self._target.loopback or self._options.heavy
        chosen: list[Case] = []
        skipped: list[Case] = []
        for case in applicable(self._forge.scheme, phase=self._forge.phase):
            if wanted and case.id not in wanted | {"A01"}:
                continue
            plain = case.id == "P08" and self._target.scheme != "https"
            (skipped if plain or (case.heavy and not heavy) else chosen).append(case)
        return tuple(chosen), tuple(skipped)

    def _control(self) -> Answer:
        self._options.progress("A01: the control")
        return self._look()

    def _look(self) -> Answer:
        """A genuine delivery on its own: is the receiver there, and how fast?"""
        number = len(self._timed)
        probe = self._forge.genuine(f"A01 {number}" if number else "A01")
        answer = self._send(probe)
        self._timed.append(answer)
        return answer

    def _together(self, cases: Iterable[Case]) -> Iterator[Exchange]:
        """Cases whose order does not matter; what got no answer is asked again, alone.

        Where the receiver has gone for good, any of those that were under way may have done it.
        """
        pairs = [
            (case, probe)
            for case in cases
            if not case.alone and case.id != "A01"
            for probe in case.probes(self._forge)
            for _ in range(probe.times)
        ]
        self._options.progress(f"{len(pairs)} requests together")
        with ThreadPoolExecutor(self._options.parallel) as pool:
            answers = list(pool.map(lambda pair: self._send(pair[1]), pairs))
        exchanges = [Exchange(*pair, answer) for pair, answer in zip(pairs, answers, strict=True)]
        self._blame(exchanges)
        for each in exchanges:
            closed = each.probe.may_close and not self._dead
            kept = closed or each.answer.kind is Kind.ANSWERED
            yield each if kept else self._alone(each.case, each.probe)

    def _blame(self, together: list[Exchange]) -> None:
        """See whether one of these requests took the receiver down for good."""
        broken = [
            number
            for number, each in enumerate(together)
            if each.answer.kind in _BROKEN and not each.probe.may_close
        ]
        if len(together) > 1 and broken and not self._dead and not self._there():
            # It may have answered the one that it died of, so those just before count too.
            first = together[max(0, broken[0] - self._options.parallel)].probe.name
            last = together[broken[-1]].probe.name
            self._dead = f"the receiver was gone after one of those from {first} to {last}"

    def _one_by_one(self, cases: Iterable[Case]) -> Iterator[Exchange]:
        for case in (case for case in cases if case.alone):
            self._options.progress(f"{case.id}: {case.title}")
            for probe in case.probes(self._forge):
                yield from (
                    self._burst(case, probe) if probe.at_once else (self._alone(case, probe),)
                )

    def _alone(self, case: Case, probe: Probe) -> Exchange:
        """One request, and a look whether the receiver outlived it."""
        answer = self._send(probe)
        if self._dead:
            return Exchange(case, probe, answer, missed=self._dead)
        after = self._look()
        if after.kind is Kind.ANSWERED:
            return Exchange(case, probe, answer)
        if not self._recovers():
            self._dead = f"the receiver was gone after {probe.name}"
        return Exchange(case, probe, answer, died=after.observed)

    def _burst(self, case: Case, probe: Probe) -> Iterator[Exchange]:
        copies = [self._forge.genuine(f"{probe.name} {number}") for number in range(probe.times)]
        with ThreadPoolExecutor(probe.times) as pool:
            answers = list(pool.map(self._send, copies))
        for copy, answer in zip(copies, answers, strict=True):
            shown = replace(copy, name=probe.name, times=probe.times)
            yield Exchange(case, shown, answer, missed=self._dead)

    def _there(self) -> bool:
        return self._look().kind is Kind.ANSWERED or self._recovers()

    def _recovers(self) -> bool:
        """True where a supervisor brings the receiver back in time."""
        end = min(time.perf_counter() + self._options.recovery, self._end)
        while time.perf_counter() < end:
            time.sleep(_RETRY)
            if self._look().kind is Kind.ANSWERED:
                return True
        return False

    def _send(self, probe: Probe) -> Answer:
        left = self._end - time.perf_counter()
        if left <= 0 and not self._dead:
            self._dead = OUT_OF_TIME
        if self._dead:
            return Answer(Kind.UNREACHABLE)
        target = self._target.plain() if probe.plain_http else self._target
        timeout = min(self._options.timeout, left)
        return send(probe, target, timeout=timeout, headers=self._options.headers)

    def _ended(
        self,
        cases: tuple[Case, ...],
        skipped: tuple[Case, ...],
        control: Answer,
        exchanges: tuple[Exchange, ...],
        closing: Answer,
    ) -> Trial:
        observer = self._options.observer
        return Trial(
            receiver=self._target.receiver,
            cases=cases,
            skipped=skipped,
            control=control,
            closing=closing,
            exchanges=exchanges,
            timed=tuple(self._timed),
            processed=frozenset(observer()) if observer else None,
            ended=self._dead,
        )
