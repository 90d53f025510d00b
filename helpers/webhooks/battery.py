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
from helpers.webhooks.records import ReceiverAddress
from helpers.webhooks.request_builder import ReceiverRequest, RequestBuilder
from helpers.webhooks.target import Target
from helpers.webhooks.wire import ReceiverResponse, ResponseKind, send

__all__ = ["OUT_OF_TIME", "BatteryOptions", "BatteryRun", "Exchange", "send_battery"]

OUT_OF_TIME: Final = "the time budget of the run was used up"
Observer = Callable[[], Collection[str]]
_RETRY: Final = 0.1  # seconds between two checks that a receiver is back
_BROKEN: Final = frozenset({ResponseKind.CLOSED, ResponseKind.HUNG, ResponseKind.GARBAGE})
_CONTROLS: Final = 5  # timed controls at the start, so that even a short run has a latency


@dataclass(frozen=True)
class Exchange:
    """A request and its response. `failure_after` says what the next control got."""

    case: Case
    request: ReceiverRequest
    response: ReceiverResponse
    not_sent: str = ""
    failure_after: str = ""


@dataclass(frozen=True)
class BatteryRun:
    """One run. `timed` are genuine deliveries sent alone; `ended` says why the run ended early.

    `processed` are the ids that the receiver acted upon, if they were observed.
    """

    receiver: ReceiverAddress
    cases: tuple[Case, ...]
    skipped: tuple[Case, ...]
    control: ReceiverResponse
    closing: ReceiverResponse
    exchanges: tuple[Exchange, ...]
    timed: tuple[ReceiverResponse, ...]
    processed: frozenset[str] | None = None
    ended: str = ""

    @property
    def gone(self) -> bool:
        """True if the receiver died and did not come back."""
        return bool(self.ended) and self.ended != OUT_OF_TIME


@dataclass(frozen=True)
class BatteryOptions:
    """How a run is made. Times are seconds.

    `consent` lets requests leave the machine, `heavy` adds large bodies, bursts and odd framings
    for such a receiver. `observer` returns the ids of the deliveries that were acted upon.
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


def send_battery(target: Target, builder: RequestBuilder, options: BatteryOptions) -> BatteryRun:
    """Send every case and return the raw responses. Raises UsageError without consent."""
    if not target.loopback and not options.consent:
        raise UsageError(
            "The receiver is not on this machine: the battery sends it about 130 requests.",
            "Confirm that you may do that: --consent (and --heavy for large bodies and bursts).",
        )
    return _Run(target, builder, options).run()


class _Run:
    def __init__(self, target: Target, builder: RequestBuilder, options: BatteryOptions) -> None:
        self._target = target
        self._builder = builder
        self._options = options
        self._end = time.perf_counter() + options.budget
        self._controls: list[ReceiverResponse] = []
        self._dead = ""

    def run(self) -> BatteryRun:
        cases, skipped = self._chosen()
        control = self._control()
        if control.kind is not ResponseKind.ANSWERED:
            return self._finished(cases, skipped, control, (), control)
        for _ in range(_CONTROLS - 1):
            self._send_control()
        exchanges = [*self._send_together(cases), *self._send_one_by_one(cases)]
        closing = control if self._dead else self._send_control()
        return self._finished(cases, skipped, control, tuple(exchanges), closing)

    def _chosen(self) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
        wanted = {case_named(case_id).id for case_id in self._options.cases}
        heavy = self._target.loopback or self._options.heavy
        chosen: list[Case] = []
        skipped: list[Case] = []
        for case in applicable(self._builder.scheme, phase=self._builder.phase):
            if wanted and case.id not in wanted | {"A01"}:
                continue
            plain = case.id == "P08" and self._target.scheme != "https"
            (skipped if plain or (case.heavy and not heavy) else chosen).append(case)
        return tuple(chosen), tuple(skipped)

    def _control(self) -> ReceiverResponse:
        self._options.progress("A01: the control")
        return self._send_control()

    def _send_control(self) -> ReceiverResponse:
        """A genuine delivery sent alone: does the receiver answer, and how fast?"""
        number = len(self._controls)
        request = self._builder.genuine(f"A01 {number}" if number else "A01")
        response = self._send(request)
        self._controls.append(response)
        return response

    def _send_together(self, cases: Iterable[Case]) -> Iterator[Exchange]:
        """Send the cases whose order does not matter; what got no response is sent again, alone.

        If the receiver is gone for good, any of the requests in flight may be the cause.
        """
        pairs = [
            (case, request)
            for case in cases
            if not case.alone and case.id != "A01"
            for request in case.requests(self._builder)
            for _ in range(request.times)
        ]
        self._options.progress(f"{len(pairs)} requests together")
        with ThreadPoolExecutor(self._options.parallel) as pool:
            responses = list(pool.map(lambda pair: self._send(pair[1]), pairs))
        exchanges = [
            Exchange(*pair, response) for pair, response in zip(pairs, responses, strict=True)
        ]
        self._blame(exchanges)
        for each in exchanges:
            closed = each.request.may_close and not self._dead
            kept = closed or each.response.kind is ResponseKind.ANSWERED
            yield each if kept else self._send_alone(each.case, each.request)

    def _blame(self, together: list[Exchange]) -> None:
        """Note it if one of these requests took the receiver down for good."""
        broken = [
            number
            for number, each in enumerate(together)
            if each.response.kind in _BROKEN and not each.request.may_close
        ]
        if len(together) > 1 and broken and not self._dead and not self._is_alive():
            # It may have answered the request that killed it, so earlier ones are suspects too.
            first = together[max(0, broken[0] - self._options.parallel)].request.name
            last = together[broken[-1]].request.name
            self._dead = f"the receiver was gone after one of the requests from {first} to {last}"

    def _send_one_by_one(self, cases: Iterable[Case]) -> Iterator[Exchange]:
        for case in (case for case in cases if case.alone):
            self._options.progress(f"{case.id}: {case.title}")
            for request in case.requests(self._builder):
                yield from (
                    self._burst(case, request)
                    if request.at_once
                    else (self._send_alone(case, request),)
                )

    def _send_alone(self, case: Case, request: ReceiverRequest) -> Exchange:
        """Send one request, then check that the receiver survived it."""
        response = self._send(request)
        if self._dead:
            return Exchange(case, request, response, not_sent=self._dead)
        after = self._send_control()
        if after.kind is ResponseKind.ANSWERED:
            return Exchange(case, request, response)
        if not self._recovers():
            self._dead = f"the receiver was gone after {request.name}"
        return Exchange(case, request, response, failure_after=after.observed)

    def _burst(self, case: Case, request: ReceiverRequest) -> Iterator[Exchange]:
        copies = [
            self._builder.genuine(f"{request.name} {number}") for number in range(request.times)
        ]
        with ThreadPoolExecutor(request.times) as pool:
            responses = list(pool.map(self._send, copies))
        for copy, response in zip(copies, responses, strict=True):
            shown = replace(copy, name=request.name, times=request.times)
            yield Exchange(case, shown, response, not_sent=self._dead)

    def _is_alive(self) -> bool:
        return self._send_control().kind is ResponseKind.ANSWERED or self._recovers()

    def _recovers(self) -> bool:
        """True if a supervisor brings the receiver back in time."""
        end = min(time.perf_counter() + self._options.recovery, self._end)
        while time.perf_counter() < end:
            time.sleep(_RETRY)
            if self._send_control().kind is ResponseKind.ANSWERED:
                return True
        return False

    def _send(self, request: ReceiverRequest) -> ReceiverResponse:
        left = self._end - time.perf_counter()
        if left <= 0 and not self._dead:
            self._dead = OUT_OF_TIME
        if self._dead:
            return ReceiverResponse(ResponseKind.UNREACHABLE)
        target = self._target.plain() if request.plain_http else self._target
        timeout = min(self._options.timeout, left)
        return send(request, target, timeout=timeout, headers=self._options.headers)

    def _finished(
        self,
        cases: tuple[Case, ...],
        skipped: tuple[Case, ...],
        control: ReceiverResponse,
        exchanges: tuple[Exchange, ...],
        closing: ReceiverResponse,
    ) -> BatteryRun:
        observer = self._options.observer
        return BatteryRun(
            receiver=self._target.receiver,
            cases=cases,
            skipped=skipped,
            control=control,
            closing=closing,
            exchanges=exchanges,
            timed=tuple(self._controls),
            processed=frozenset(observer()) if observer else None,
            ended=self._dead,
        )
