"""Test a receiver: the control, then every other case, in bounded time.

Cases that do not depend on order go first: several at a time, or one by one where the receiver is
so fast that threads would cost more than they save. A malformed request is sent alone and followed
by a genuine one, since a receiver may die of it only after it has answered; a slow receiver gets a
few at once, and one by one only what went wrong. Slow is not dead: death needs a refused or closed
connection. Nothing here judges.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from helpers.core.errors import UsageError
from helpers.webhooks.cases import Case, applicable, case_named
from helpers.webhooks.framing import Framing
from helpers.webhooks.records import ReceiverAddress
from helpers.webhooks.refusal import OTHER_WAYS
from helpers.webhooks.request_builder import ReceiverRequest, RequestBuilder
from helpers.webhooks.target import Target
from helpers.webhooks.wire import ReceiverResponse, ResponseKind, send

__all__ = ["OUT_OF_TIME", "BatteryOptions", "BatteryRun", "Exchange", "send_battery"]

OUT_OF_TIME: Final = "the time budget of the run was used up"
Observer = Callable[[], Collection[str]]
_RETRY: Final = 0.1  # seconds between two checks that a receiver is back
_SLOW: Final = 0.1  # seconds of a median answer; over it, a check after each request costs too much
_FAST: Final = 0.005  # seconds of a median answer; under it, nothing is gained by threads
_BROKEN: Final = frozenset({ResponseKind.CLOSED, ResponseKind.HUNG, ResponseKind.GARBAGE})
_ALWAYS: Final = frozenset({"A01", "E12"})  # the control, and whether the receiver survived
_NOT_SENT: Final = ReceiverResponse(ResponseKind.UNREACHABLE, detail="not sent")
_THROTTLED: Final = 429
_LONGEST_PAUSE: Final = 5.0  # seconds that a Retry-After is obeyed
_ATTEMPTS: Final = 4  # of a request that is throttled
_STUBBORN: Final = 3  # requests throttled throughout; then it is an answer, not a rate limit
_CONTROLS: Final = 5  # timed controls at the start, so that even a short run has a latency


@dataclass(frozen=True)
class Exchange:
    """A request and its response.

    `failure_after` says what a control got that found the receiver dead, `unclear_after` what one
    got that was not answered in time.
    """

    case: Case
    request: ReceiverRequest
    response: ReceiverResponse
    not_sent: str = ""
    failure_after: str = ""
    unclear_after: str = ""


@dataclass(frozen=True)
class BatteryRun:
    """One run. `timed` are genuine deliveries sent alone; `ended` says why the run ended early.

    `processed` says how often the receiver acted upon each id, if that was observed.
    """

    receiver: ReceiverAddress
    cases: tuple[Case, ...]
    skipped: tuple[Case, ...]
    control: ReceiverResponse
    closing: ReceiverResponse
    exchanges: tuple[Exchange, ...]
    timed: tuple[ReceiverResponse, ...]
    processed: Mapping[str, int] | None = None
    ended: str = ""
    endpoint: str = ""
    header_names: tuple[str, ...] = ()  # of the headers that went with each request
    accepted_ways: tuple[str, ...] = ()  # other schemes, tried if the control is refused
    profile: str = ""  # the workspace that a repeated run must name

    @property
    def gone(self) -> bool:
        """True if the receiver died and did not come back."""
        return bool(self.ended) and self.ended != OUT_OF_TIME


@dataclass(frozen=True)
class BatteryOptions:
    """How a run is made. Times are seconds.

    `consent` lets requests leave the machine, `heavy` adds large bodies, bursts and odd framings
    for such a receiver; `quick` leaves out all that is not critical. `observer` returns the id of
    each delivery that was acted upon, once for each time.
    """

    cases: tuple[str, ...] = ()
    consent: bool = False
    heavy: bool = False
    quick: bool = False
    timeout: float = 8.0
    budget: float = 120.0
    recovery: float = 2.0
    parallel: int = 8
    headers: tuple[tuple[str, str], ...] = ()
    profile: str = ""
    observer: Observer | None = None
    progress: Callable[[str], None] = field(default=lambda _message: None)


def send_battery(target: Target, builder: RequestBuilder, options: BatteryOptions) -> BatteryRun:
    """Send every case and return the raw responses. Raises UsageError without consent."""
    if not target.loopback and not options.consent:
        raise UsageError(
            "The receiver is not on this machine: the battery sends it about 200 requests.",
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
        self._stubborn = 0
        self._in_threads = True
        self._accepted_ways: list[str] = []

    def run(self) -> BatteryRun:
        cases, skipped = self._chosen()
        control = self._control()
        if control.kind is not ResponseKind.ANSWERED:
            return self._finished(cases, skipped, control, (), control)
        for _ in range(_CONTROLS - 1):
            self._send_control()
        self._in_threads = self._median() > _FAST
        self._try_other_ways(control)
        exchanges = [*self._send_together(cases), *self._send_one_by_one(cases)]
        closing = control if self._dead else self._close()
        return self._finished(cases, skipped, control, tuple(exchanges), closing)

    def _chosen(self) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
        wanted = {case_named(case_id).id for case_id in self._options.cases}
        heavy = self._target.loopback or self._options.heavy
        chosen: list[Case] = []
        skipped: list[Case] = []
        for case in applicable(self._builder.scheme, phase=self._builder.phase):
            if wanted and case.id not in wanted | _ALWAYS:
                continue
            if self._options.quick and not case.quick:
                continue
            plain = case.id == "P08" and self._target.scheme != "https"
            unseen = case.observed and self._options.observer is None
            left_out = plain or unseen or (case.heavy and not heavy)
            (skipped if left_out else chosen).append(case)
        return tuple(chosen), tuple(skipped)

    def _control(self) -> ReceiverResponse:
        self._options.progress("A01: the control")
        return self._send_control()

    def _send_control(self) -> ReceiverResponse:
        """A genuine delivery sent alone: does the receiver answer, and how fast?"""
        number = len(self._controls)
        request = self._builder.genuine(f"A01 {number}" if number else "A01")
        response = self._send(request)
        if response is not _NOT_SENT:
            self._controls.append(response)
        return response

    def _try_other_ways(self, control: ReceiverResponse) -> None:
        """If the control was refused, find out which other scheme the receiver accepts."""
        if control.accepted or not 400 <= control.status < 600:  # noqa: PLR2004 (errors)
            return
        for way in OTHER_WAYS:
            if self._send(way.request(self._builder)).accepted:
                wrong = self._send(way.with_wrong_key(self._builder))
                if not wrong.accepted and wrong is not _NOT_SENT:
                    self._accepted_ways.append(way.name)

    def _close(self) -> ReceiverResponse:
        """The last control: a receiver may have died of the last request only after its answer."""
        response = self._send_control()
        if _is_gone(response) and not self._recovers():
            self._dead = self._dead or "the receiver was gone at the end"
        return response

    def _median(self) -> float:
        """How long the receiver takes for a genuine delivery, in seconds."""
        return statistics.median(each.seconds for each in self._controls)

    def _send_together(self, cases: Iterable[Case]) -> Iterator[Exchange]:
        """Send the cases whose order does not matter, and meanwhile the bodies that pause."""
        pairs = [
            (case, request)
            for case in cases
            if case.id != "A01"
            for request in case.requests(self._builder)
            if not case.alone or request.framing is Framing.SLOW
            for _ in range(request.times)
        ]
        pausing = [pair for pair in pairs if pair[1].framing is Framing.SLOW]
        others = [pair for pair in pairs if pair[1].framing is not Framing.SLOW]
        self._options.progress(f"{len(pairs)} requests together")
        with ThreadPoolExecutor(len(pausing) or 1) as pool:
            answers = pool.map(self._send_beside_others, [request for _, request in pausing])
            yield from self._batch(others)
            responses = list(answers)
        yield from self._checked(pausing, responses)

    def _send_one_by_one(self, cases: Iterable[Case]) -> Iterator[Exchange]:
        """Send the cases that go alone, each followed by a check; a few at once if it is slow."""
        size = self._options.parallel if self._median() > _SLOW else 1
        batch: list[tuple[Case, ReceiverRequest]] = []
        for case in (case for case in cases if case.alone):
            self._options.progress(f"{case.id}: {case.title}")
            requests = case.requests(self._builder)
            yield from self._burst(case, [each for each in requests if each.at_once])
            for request in requests:
                if request.at_once or request.framing is Framing.SLOW:
                    continue
                batch.append((case, request))
                if len(batch) == size:
                    yield from self._batch(batch)
                    batch = []
        yield from self._batch(batch)

    def _batch(self, pairs: list[tuple[Case, ReceiverRequest]]) -> Iterator[Exchange]:
        """Send these at the same time; what got no response is sent again, alone."""
        if len(pairs) < 2:  # noqa: PLR2004 (one request is sent alone)
            yield from (self._send_alone(*pair) for pair in pairs)
            return
        yield from self._checked(pairs, self._responses([request for _, request in pairs]))

    def _responses(self, requests: list[ReceiverRequest]) -> list[ReceiverResponse]:
        """Send these one by one, until one of them shows that the receiver is slow."""
        responses: list[ReceiverResponse] = []
        while not self._in_threads and len(responses) < len(requests):
            responses.append(self._send(requests[len(responses)]))
            self._in_threads = responses[-1].seconds > _SLOW
        if rest := requests[len(responses) :]:
            with ThreadPoolExecutor(self._options.parallel) as pool:
                responses += pool.map(self._send_beside_others, rest)
        return responses

    def _checked(
        self, pairs: list[tuple[Case, ReceiverRequest]], responses: list[ReceiverResponse]
    ) -> Iterator[Exchange]:
        """Check that the receiver survived these; what got no response, or 429, is sent again.

        If the receiver is gone for good, any of the requests in flight may be the cause.
        """
        exchanges = [
            Exchange(*pair, response) for pair, response in zip(pairs, responses, strict=True)
        ]
        if exchanges:
            self._blame(exchanges)
        for each in exchanges:
            yield each if _is_final(each) else self._send_alone(each.case, each.request)

    def _blame(self, together: list[Exchange]) -> None:
        """Note it if one of these requests took the receiver down for good."""
        if self._dead or self._is_alive():
            return
        broken = [
            number
            for number, each in enumerate(together)
            if each.response.kind in _BROKEN and not each.request.may_close
        ]
        # It may have answered the request that killed it, so earlier ones are suspects too.
        first = max(0, broken[0] - self._options.parallel) if broken else 0
        last = broken[-1] if broken else len(together) - 1
        self._dead = (
            "the receiver was gone after one of the requests from "
            f"{together[first].request.name} to {together[last].request.name}"
        )

    def _send_alone(self, case: Case, request: ReceiverRequest) -> Exchange:
        """Send one request, then check that the receiver survived it."""
        response = self._send(request)
        if response is _NOT_SENT:
            return Exchange(case, request, response, not_sent=self._dead)
        after = self._send_control()
        if after.kind is ResponseKind.ANSWERED or after is _NOT_SENT:
            return Exchange(case, request, response)
        if not _is_gone(after):
            return Exchange(case, request, response, unclear_after=after.observed)
        if not self._recovers():
            self._dead = self._dead or f"the receiver was gone after {request.name}"
        return Exchange(case, request, response, failure_after=after.observed)

    def _burst(self, case: Case, requests: list[ReceiverRequest]) -> Iterator[Exchange]:
        """Send these at the same moment, then check that the receiver survived it."""
        if not requests:
            return
        with ThreadPoolExecutor(len(requests)) as pool:
            responses = list(pool.map(self._send_once, requests))
        why = self._dead
        if not why and not self._is_alive():
            self._dead = self._dead or f"the receiver was gone after {requests[0].name}"
        for request, response in zip(requests, responses, strict=True):
            not_sent = why if response is _NOT_SENT else ""
            yield Exchange(case, request, response, not_sent=not_sent)

    def _is_alive(self) -> bool:
        return not _is_gone(self._send_control()) or self._recovers()

    def _recovers(self) -> bool:
        """True if a supervisor brings the receiver back in time."""
        end = min(time.perf_counter() + self._options.recovery, self._end)
        while time.perf_counter() < end:
            time.sleep(_RETRY)
            if self._send_control().kind is ResponseKind.ANSWERED:
                return True
        return False

    def _send(self, request: ReceiverRequest, *, alone: bool = True) -> ReceiverResponse:
        """Send a request; a rate limit is obeyed, so that it does not pass for a refusal.

        Several that go alone and are throttled to the end show that 429 is the receiver's answer.
        """
        response = self._send_once(request)
        for attempt in range(1, _ATTEMPTS):
            if response.status != _THROTTLED or self._stubborn >= _STUBBORN:
                break
            time.sleep(max(0.0, min(_pause(response, attempt), self._end - time.perf_counter())))
            response = self._send_once(request)
        if alone:
            self._stubborn = self._stubborn + 1 if response.status == _THROTTLED else 0
        return response

    def _send_beside_others(self, request: ReceiverRequest) -> ReceiverResponse:
        """Send a request while others compete with it for what a rate limit lets through."""
        return self._send(request, alone=False)

    def _send_once(self, request: ReceiverRequest) -> ReceiverResponse:
        """Send a request with its whole timeout, if there is any time left."""
        if time.perf_counter() >= self._end and not self._dead:
            self._dead = OUT_OF_TIME
        if self._dead:
            return _NOT_SENT
        target = self._target.plain() if request.plain_http else self._target
        return send(request, target, timeout=self._options.timeout, headers=self._options.headers)

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
            processed=Counter(observer()) if observer else None,
            ended=self._dead,
            endpoint=self._target.endpoint,
            accepted_ways=tuple(self._accepted_ways),
            header_names=tuple(name for name, _ in self._options.headers),
            profile=self._options.profile,
        )


def _is_final(exchange: Exchange) -> bool:
    """True if this is the receiver's response: 429 is none, no connection one if none is wanted."""
    request, response = exchange.request, exchange.response
    closed = response.kind is ResponseKind.CLOSED or request.plain_http
    refused = request.may_close and closed and response is not _NOT_SENT
    answered = response.kind is ResponseKind.ANSWERED and response.status != _THROTTLED
    return refused or answered


def _is_gone(response: ReceiverResponse) -> bool:
    """True if nobody listens, or the connection ends without an answer. A timeout is not death."""
    refused = response.kind is ResponseKind.UNREACHABLE and response.detail in {"refused", "reset"}
    return refused or response.kind is ResponseKind.CLOSED


def _pause(response: ReceiverResponse, attempt: int) -> float:
    """Seconds to wait after a 429: what it asks for, or a little longer each time."""
    wished = response.header("retry-after")
    return min(float(wished) if wished.isdecimal() else 0.125 * 2**attempt, _LONGEST_PAUSE)
