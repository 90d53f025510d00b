"""Whatever a peer answers, one request ends in one answer that says what it was."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import Target, parse_target
from helpers.webhooks.wire import ReceiverResponse, ResponseKind, send
from tests.webhooks.receivers.odd import Odd, odd

PROBE = RequestBuilder(WEBHOOK, b"a secret of nobody").genuine("A01")
STATUS = st.integers(0, 9999).map(lambda code: b"HTTP/1.1 %d \r\n" % code)
HEADERS = st.lists(
    st.sampled_from(
        [
            b"Content-Length: 3\r\n",
            b"Content-Length: -1\r\n",
            b"Content-Length: 3\r\nContent-Length: 4\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: gzip\r\n",
            b"Content-Encoding: br\r\n",
            b"Connection: upgrade\r\nUpgrade: websocket\r\n",
            b"X-\xff: \x00\r\n",
            b": no name\r\n",
            b"no colon\r\n",
        ]
    ),
    max_size=3,
).map(b"".join)
BODIES = st.one_of(st.binary(max_size=40), st.just(b"3\r\nabc\r\n0\r\n\r\n"), st.just(b"zz\r\n"))
ANSWERS = st.one_of(
    st.binary(max_size=60),
    st.tuples(STATUS, HEADERS, st.just(b"\r\n"), BODIES).map(b"".join),
)


@pytest.fixture(scope="module")
def peer() -> Iterator[tuple[Target, list[bytes]]]:
    """A peer that answers with what stands last in the list."""
    script: list[bytes] = []

    def answer(_: Odd, connection: socket.socket) -> None:
        connection.sendall(script[-1])

    with odd(answer) as server:
        yield parse_target(server.url), script


def answered(peer: tuple[Target, list[bytes]], data: bytes) -> ReceiverResponse:
    target, script = peer
    script.append(data)
    return send(PROBE, target, timeout=8.0)


@settings(max_examples=150, deadline=None)
@given(ANSWERS)
@example(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
@example(b"HTTP/1.1 103 Early Hints\r\n\r\n")
@example(b"HTTP/1.1 204 \r\nContent-Length: 3\r\n\r\nabc")
def test_no_answer_makes_it_raise(peer: tuple[Target, list[bytes]], data: bytes):
    answer = answered(peer, data)
    assert answer.kind in {ResponseKind.ANSWERED, ResponseKind.CLOSED, ResponseKind.GARBAGE}
    assert (answer.kind is ResponseKind.ANSWERED) <= (200 <= answer.status < 1000)
    assert answer.observed


def test_interim_answers_are_passed_over(peer: tuple[Target, list[bytes]]):
    data = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    assert answered(peer, data).observed == "204"


def test_an_answer_is_never_quoted(peer: tuple[Target, list[bytes]]):
    answer = answered(peer, b"HTTP/1.1 500 the-secret\r\nX: the-secret\r\n\r\nthe-secret")
    assert answer.observed == "500"
    assert b"the-secret" in answer.body
