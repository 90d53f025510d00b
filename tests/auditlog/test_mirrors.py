"""Mirrors that are slow, full, down or gone: everything arrives, in order, and nothing waits."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from helpers.auditlog.mirrors import deliver, entries_after
from helpers.auditlog.sinks import IntercomEvents, Syslog, event_of
from helpers.core.errors import ConfigurationError, IntercomError, UnreachableError
from helpers.intercom import pace, transport
from helpers.intercom.client import Client
from helpers.sandbox.seeds import MIRROR_CONTACT
from tests.auditlog.builders import Bench
from tests.intercom.hub import Hub


class Taker:
    """Takes events, unless it is told otherwise."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.answers: list[Exception | None] = []

    def create_event(self, event: dict[str, Any]) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer
        self.events.append(event)

    def seqs(self) -> list[int]:
        told = [(e["metadata"]["seq_from"], e["metadata"]["seq_to"]) for e in self.events]
        return [seq for first, last in told for seq in range(first, last + 1)]


def _answered(status: int) -> IntercomError:
    return IntercomError(f"POST /events was answered {status}.", "Wait.", status=status)


@pytest.fixture
def client() -> Taker:
    return Taker()


@pytest.fixture
def ten(bench: Bench) -> Bench:
    """Ten records, one a second, and a moment later."""
    with bench.open() as log:
        for number in range(10):
            log.append("demo.act", resource=f"thing/{number}")
            bench.clock.on(seconds=1)
    return bench


def _deliver(bench: Bench, client: Any) -> Any:
    return deliver(bench.folder, bench.state, IntercomEvents(client, "mirror"), bench.clock)


def test_everything_arrives_once_and_in_order(ten: Bench, client: Taker) -> None:
    status = _deliver(ten, client)
    assert client.seqs() == list(range(11))
    assert (status.behind, status.refused, status.reason) == (0, 0, "")
    _deliver(ten, client)
    assert client.seqs() == list(range(11))


def test_an_event_is_within_what_intercom_keeps(ten: Bench, client: Taker) -> None:
    _deliver(ten, client)
    for event in client.events:
        assert len(event["metadata"]) <= 10
        assert all(isinstance(v, (str, int)) for v in event["metadata"].values())
    seconds = [event["created_at"] for event in client.events]
    assert len(seconds) == len(set(seconds))


def test_the_event_carries_an_anchor(ten: Bench, client: Taker) -> None:
    _deliver(ten, client)
    last = client.events[-1]["metadata"]
    head = ten.head()
    assert head
    assert (last["seq_to"], last["hash"]) == (head.seq, head.hash)


def test_records_of_one_second_travel_together(bench: Bench, client: Taker) -> None:
    bench.fill(30)
    bench.clock.on(seconds=2)
    _deliver(bench, client)
    assert [e["metadata"]["records"] for e in client.events] == [31]


def test_a_second_that_is_not_over_waits(bench: Bench, client: Taker) -> None:
    bench.fill(3)
    assert _deliver(bench, client).behind == 4
    assert not client.events


def test_a_clock_that_goes_back_uses_no_second_twice(bench: Bench, client: Taker) -> None:
    bench.fill(1)
    bench.clock.on(seconds=5)
    _deliver(bench, client)
    bench.clock.on(seconds=-5)
    bench.fill(1)
    bench.clock.on(seconds=5)
    _deliver(bench, client)
    assert client.seqs() == [0, 1, 2]
    assert client.events[0]["created_at"] < client.events[1]["created_at"]


@pytest.mark.parametrize(
    "trouble",
    [_answered(429), _answered(503), _answered(401), UnreachableError("No answer.", "Wait.")],
    ids=["429", "503", "401", "down"],
)
def test_a_mirror_that_is_down_is_tried_again_later_with_growing_pauses(
    ten: Bench, client: Taker, trouble: Exception
) -> None:
    client.answers = [None, None, trouble, trouble]
    status = _deliver(ten, client)
    assert status.behind > 0
    assert status.reason
    sent = len(client.events)
    _deliver(ten, client)
    assert len(client.events) == sent, "it is not tried before the pause is over"
    ten.clock.on(seconds=6)
    _deliver(ten, client)  # fails again: the pause is now ten seconds
    ten.clock.on(seconds=6)
    _deliver(ten, client)
    assert len(client.events) == sent
    ten.clock.on(seconds=6)
    assert _deliver(ten, client).behind == 0
    assert client.seqs() == list(range(11))


def test_what_is_refused_for_good_is_counted_and_does_not_block(ten: Bench, client: Taker) -> None:
    client.answers = [None, _answered(422)]
    status = _deliver(ten, client)
    assert (status.behind, status.refused) == (0, 1)
    assert client.seqs() == [0, 1, *range(3, 11)]


def test_a_crash_between_sending_and_noting_sends_the_same_event_again(
    ten: Bench, client: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helpers.auditlog import mirrors

    with monkeypatch.context() as patch:
        patch.setattr(mirrors._MirrorPosition, "arrived", _crash)
        with pytest.raises(KeyboardInterrupt):
            _deliver(ten, client)
    _deliver(ten, client)
    assert client.events[0] == client.events[1]  # which Intercom keeps once
    assert client.seqs()[2:] == client.seqs()[2:]
    assert set(client.seqs()) == set(range(11))


def _crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_recording_goes_on_while_the_mirror_is_down(ten: Bench, client: Taker) -> None:
    client.answers = [UnreachableError("No answer.", "Wait.")]
    _deliver(ten, client)
    ten.fill(5)
    ten.clock.on(seconds=60)
    assert _deliver(ten, client).behind == 0
    assert client.seqs() == list(range(16))


def test_records_behind_a_place_are_found_across_segments(bench: Bench) -> None:
    for _ in range(3):
        bench.fill(4)
        bench.clock.on(days=31)
    everything = [entry.seq for entry in entries_after(bench.folder, -1)]
    for place in range(len(everything)):
        assert [e.seq for e in entries_after(bench.folder, place)] == everything[place + 1 :]


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    from helpers.sandbox import start

    with start() as sandbox:
        yield sandbox.url


@pytest.fixture
def hub(sandbox_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(transport, "_RETRIES", 0)  # the mirror's own retries are under test
    with httpx.Client(trust_env=False) as http:
        yield Hub(f"{sandbox_url}/w/mirror", http)


def test_a_sandbox_that_refuses_slows_and_drops_gets_everything(
    ten: Bench, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_SHORT_PAUSE", 0.001)  # as often, but without the waiting
    monkeypatch.setattr(transport, "pause_until_reset", lambda _: 0.001)
    monkeypatch.setattr(pace, "pause_until_reset", lambda _: 0.001)
    hub.fault(kind="status", status=429, code="rate_limit_exceeded", route="/events", times=2)
    hub.fault(kind="status", status=503, route="/events", every=4, times=2)
    hub.fault(kind="drop", route="/events", every=5, times=2)
    scopes = ("write_events", "read_events", "read_users_companies")
    token = hub.token(scopes)
    with hub.client(scopes, acts=("mirror",)) as client:
        for _ in range(40):
            if not _to(ten, client).behind:
                break
            ten.clock.on(hours=1)
    listed = hub.http.get(
        f"{hub.url}/events",
        params={"type": "user", "user_id": MIRROR_CONTACT, "per_page": 50},
        headers={"Authorization": f"Bearer {token}", "Intercom-Version": "2.16"},
    ).json()["events"]
    told = sorted((e["created_at"], e["metadata"]) for e in listed)
    seqs = [n for _, m in told for n in range(int(m["seq_from"]), int(m["seq_to"]) + 1)]
    assert seqs == list(range(11))


def test_a_mirror_that_answers_too_late_gets_everything_in_order_later(
    ten: Bench, access_token: str
) -> None:
    late = 3
    taken: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal late
        if len(taken) == 4 and late:
            late -= 1
            raise httpx.ReadTimeout("too late", request=request)
        taken.append(json.loads(request.content)["metadata"]["seq_from"])
        return httpx.Response(202)

    wire = httpx.MockTransport(answer)
    waiting = []
    token = SecretStr(access_token)
    with Client(token, "https://api.intercom.io", acts=("mirror",), transport=wire) as client:
        for _ in range(5):
            waiting.append(_to(ten, client))
            ten.fill(1)  # recording goes on
            ten.clock.on(hours=1)
    assert "POST /events" in waiting[0].reason
    assert waiting[0].behind > 0
    assert waiting[-1].behind == 0
    assert taken == sorted(set(taken))


def _to(bench: Bench, client: Any) -> Any:
    sink = IntercomEvents(client, MIRROR_CONTACT)
    return deliver(bench.folder, bench.state, sink, bench.clock)


def test_syslog_gets_one_rfc_5424_message_a_record(ten: Bench) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        address = f"udp://127.0.0.1:{server.getsockname()[1]}"
        status = deliver(ten.folder, ten.state, Syslog(address), ten.clock)
        messages = [server.recv(65536).decode() for _ in range(11)]
    assert status.behind == 0
    head, _, body = messages[-1].partition(" runbook - audit - ")
    assert head == "<109>1 2026-03-02T09:00:09.000000Z host-1"
    assert json.loads(body)["resource"] == {"id": "thing/9"}


def test_syslog_over_tcp_counts_octets_and_a_closed_port_waits(ten: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert deliver(ten.folder, ten.state, Syslog(address), ten.clock).behind == 0
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as stream:
            size, _, rest = stream.read().partition(b" ")
    assert int(size) == len(rest)
    ten.fill(1)
    assert deliver(ten.folder, ten.state, Syslog(address), ten.clock).behind == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://host",
        "udp://",
        "unix:",
        "udp://h:99999",
        "tcp://h:port",
        "tcp://[h",
        "udp://h:0",
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        Syslog(address)


def test_an_event_names_who_and_what_shortly(bench: Bench) -> None:
    from helpers.auditlog.mirrors import MirrorBatch

    bench.fill(60)
    event = event_of(MirrorBatch(tuple(entries_after(bench.folder, 0))), "mirror", 1)
    assert len(event["metadata"]["resources"]) <= 250
    assert event["metadata"]["actors"] == "tester"
