"""`runbook webhook send`: samples of every topic, saved deliveries again, consent and record."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli.webhook import webhook
from helpers.core.errors import UsageError
from helpers.webhooks.delivery import ReceivedDelivery, save_delivery
from helpers.webhooks.delivery_rules import effect
from helpers.webhooks.listener import Listener
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.samples import TOPICS
from helpers.webhooks.sending import replay_request, sample_request
from helpers.webhooks.signatures import CANVAS_KIT, WEBHOOK, SignatureVerdict, Verifier, sign
from helpers.webhooks.wire import ReceiverResponse, ResponseKind
from tests.webhooks.conftest import listener_at_work

SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode(), app_id="abc123")
Arrived = list[tuple[ReceivedDelivery, SignatureVerdict]]


@pytest.fixture
def arrived() -> Arrived:
    return []


@pytest.fixture
def url(arrived: Arrived) -> Iterator[str]:
    listener = Listener(Verifier(SECRET), lambda *seen: arrived.append(seen))
    with listener_at_work(listener) as address:
        yield address


@pytest.fixture(autouse=True)
def secret_in_its_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTERCOM_CLIENT_SECRET", SECRET)


def run(*arguments: str) -> tuple[object, str]:
    done = CliRunner().invoke(
        webhook, ["send", *arguments], standalone_mode=False, catch_exceptions=False
    )
    return done.return_value, done.output


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_a_realistic_signed_sample(topic: str):
    request = sample_request(BUILDER, topic)
    document = json.loads(request.body)
    assert (document["topic"], document["app_id"]) == (topic, "abc123")
    assert (document["id"] is None) == (topic == "ping")
    assert document["data"]["item"]["type"]
    assert Verifier(SECRET).verify(request.body, [mark.value for mark in request.signatures])


def test_a_sample_is_sent_and_what_intercom_would_do_is_reported(url: str, arrived: Arrived):
    status, output = run(url, "--topic", "contact.user.created", "--app-id", "abc123")
    assert status == 0
    assert "counts this as delivered" in output
    ((delivery, verdict),) = arrived
    assert verdict
    assert delivery.document()["topic"] == "contact.user.created"


def test_a_refused_one_ends_with_13(url: str):
    assert run(url, "--scheme", "canvas_kit")[0] == 13


def test_an_unreachable_receiver_ends_with_3():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert run(f"http://127.0.0.1:{free.getsockname()[1]}/")[0] == 3


def test_a_saved_delivery_goes_again_byte_for_byte(url: str, arrived: Arrived, tmp_path: Path):
    body = b'{ "topic" : "ping", "n": 1.0 }\n'
    headers = (("x-hub-signature", sign("another secret", body)), ("content-type", "text/json"))
    saved = save_delivery(tmp_path, "one", ReceivedDelivery("POST", "/", headers, body))
    assert run(url, "--replay", str(saved))[0] == 0
    assert run(url, "--replay", str(saved), "--as-signed")[0] == 13
    assert [delivery.body for delivery, _ in arrived] == [body, body]
    assert {delivery.value("content-type") for delivery, _ in arrived} == {"text/json"}


def test_a_bare_body_has_no_signature_to_go_with():
    bare = ReceivedDelivery("POST", "/", (), b"{}")
    with pytest.raises(UsageError, match="was saved"):
        replay_request(BUILDER, bare, as_signed=True)


@pytest.mark.parametrize("value", ["a\r\nX-Forged: 1", "snowman \u2603", "\0"])
@pytest.mark.parametrize("name", ["content-type", "x-hub-signature"])
def test_a_saved_header_that_can_not_be_sent_is_told(name: str, value: str):
    changed = ReceivedDelivery("POST", "/", ((name, value),), b"{}")
    with pytest.raises(UsageError, match="can't be part of a request"):
        replay_request(BUILDER, changed)


@pytest.mark.parametrize(
    "arguments",
    [("--topic", "ping", "--replay", "x"), ("--as-signed",), ("--topic", "no.such")],
)
def test_arguments_that_contradict_each_other_are_told(arguments: tuple[str, ...]):
    with pytest.raises(UsageError):
        run("http://127.0.0.1:9/", *arguments)


def test_the_topics_can_be_listed():
    listed = CliRunner().invoke(webhook, ["topics"]).output.split()
    assert listed == sorted(TOPICS)


def test_the_other_schemes_have_no_topics():
    with pytest.raises(UsageError, match="no topic"):
        sample_request(RequestBuilder(CANVAS_KIT, b"secret"), "ping")


def test_a_receiver_elsewhere_needs_consent_and_is_not_recorded_without(state: Path):
    with pytest.raises(UsageError, match="--consent"):
        run("https://hooks.example.com/in")
    assert not list(state.rglob("*.jsonl"))


@pytest.mark.parametrize(
    ("command", "action"), [("send", "runbook.webhook.sent"), ("test", "runbook.webhook.battery")]
)
def test_what_was_done_is_in_the_audit_log(url: str, state: Path, command: str, action: str):
    arguments = [command, url, "--profile", "staging"]
    CliRunner().invoke(webhook, arguments, standalone_mode=False, catch_exceptions=False)
    (log,) = (state / "staging" / "audit").glob("*.jsonl")
    assert action in log.read_text("utf-8")
    assert SECRET not in log.read_text("utf-8")


def test_no_answer_shows_the_secret_even_where_the_receiver_does():
    from helpers.cli.webhook_send import _response_lines

    answer = ReceiverResponse(ResponseKind.ANSWERED, 500, body=f"key={SECRET}".encode())
    assert SECRET not in "".join(_response_lines(answer, BUILDER))


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (ReceiverResponse(ResponseKind.ANSWERED, 200), "delivered"),
        (ReceiverResponse(ResponseKind.ANSWERED, 200, seconds=0.6), "priority"),
        (ReceiverResponse(ResponseKind.ANSWERED, 200, seconds=5.1), "failed"),
        (ReceiverResponse(ResponseKind.HUNG), "failed"),
        (ReceiverResponse(ResponseKind.CLOSED), "failed"),
        (ReceiverResponse(ResponseKind.ANSWERED, 410), "disables"),
        (ReceiverResponse(ResponseKind.ANSWERED, 429), "throttles"),
        (ReceiverResponse(ResponseKind.ANSWERED, 302), "not a success"),
        (ReceiverResponse(ResponseKind.ANSWERED, 500), "failed"),
    ],
)
def test_what_becomes_of_a_delivery_follows_the_documented_rules(
    answer: ReceiverResponse, word: str
):
    assert word in effect(answer)
