"""`runbook webhook listen`: a sound receiver that says what arrived and why it was refused."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.cli.webhook import webhook
from helpers.core.errors import UsageError
from helpers.webhooks.action import run_battery
from helpers.webhooks.delivery import ReceivedDelivery, arrival_lines, load_delivery, save_delivery
from helpers.webhooks.listener import Listener, listening
from helpers.webhooks.records import CaseOutcome
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.sending import deliver, sample_request
from helpers.webhooks.signatures import (
    SCHEMES,
    WEBHOOK,
    Reason,
    Scheme,
    SignatureVerdict,
    Verifier,
    sign,
)
from helpers.webhooks.target import parse_target
from tests.conftest import HOME
from tests.webhooks.conftest import listener_at_work

SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode())


@pytest.mark.parametrize("scheme", SCHEMES.values())
def test_the_battery_finds_nothing_wrong_with_it(scheme: Scheme):
    seen: list[SignatureVerdict] = []
    listener = Listener(Verifier(SECRET, scheme=scheme), lambda _, verdict: seen.append(verdict))
    with listener_at_work(listener) as url:
        result = run_battery(parse_target(url), RequestBuilder(scheme, SECRET.encode()))
    assert [case.id for case in result.cases if case.outcome is CaseOutcome.FAIL] == []
    assert {verdict.reason for verdict in seen} == set(Reason)


def test_a_sender_who_leaves_halfway_is_not_taken_for_one_who_signs_wrongly():
    seen: list[SignatureVerdict] = []
    listener = Listener(Verifier(SECRET), lambda _, verdict: seen.append(verdict))
    with listener_at_work(listener) as url:
        target = parse_target(url)
        with socket.create_connection((target.host, target.port)) as half:
            half.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{")
            half.shutdown(socket.SHUT_RDWR)
        assert deliver(sample_request(BUILDER), target, consent=False).status == 200
    assert [verdict.reason for verdict in seen] == [Reason.GENUINE]


@contextmanager
def listen_command(*options: str, **environ: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The real command in a process of its own; the address it tells."""
    command = [sys.executable, "-m", "helpers.cli", "webhook", "listen", "--port", "0", *options]
    variables = {**os.environ, "INTERCOM_CLIENT_SECRET": SECRET, **environ}
    with subprocess.Popen(
        command,
        cwd=HOME,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        first = process.stdout.readline()
        try:
            yield first.split()[2], process
        finally:
            process.kill()


def test_it_shows_verifies_keeps_and_explains(tmp_path: Path):
    identity = secrets.token_hex(20)
    options = ("--count", "3", "--save", str(tmp_path / "kept"))
    with listen_command(*options, INTERCOM_IDENTITY_SECRET=identity) as (url, process):
        target = parse_target(url)
        wrong = RequestBuilder(WEBHOOK, identity.encode())
        statuses = [
            deliver(sample_request(builder, topic), target, consent=False).status
            for builder, topic in ((BUILDER, "ping"), (BUILDER, "contact.deleted"), (wrong, "ping"))
        ]
        output, _ = process.communicate(timeout=30)
    assert statuses == [200, 200, 401]
    assert process.returncode == 0
    assert output.count("genuine, signed with INTERCOM_CLIENT_SECRET") == 2
    assert "signed with the value of INTERCOM_IDENTITY_SECRET" in output
    assert SECRET not in output
    assert identity not in output
    kept = sorted((tmp_path / "kept").glob("*.body"))
    assert [path.name[:4] for path in kept] == ["0001", "0002", "0003"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_its_usual_end(number: signal.Signals):
    with listen_command() as (_, process):
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "")


def test_a_folder_that_can_not_be_written_ends_it_with_one_clear_error(tmp_path: Path):
    taken = tmp_path / "taken"
    taken.write_text("a file", "utf-8")
    with listen_command("--save", str(taken / "kept")) as (url, process):
        deliver(sample_request(BUILDER), parse_target(url), consent=False)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "can't be made" in output
    assert "Traceback" not in output


def test_during_a_rotation_it_takes_both_secrets_and_says_which(monkeypatch: pytest.MonkeyPatch):
    old = secrets.token_hex(20)
    options = ("--count", "2", "--previous-secret-variable", "OLD_SECRET")
    with listen_command(*options, OLD_SECRET=old) as (url, process):
        for builder in (BUILDER, RequestBuilder(WEBHOOK, old.encode())):
            assert deliver(sample_request(builder), parse_target(url), consent=False).status == 200
        output, _ = process.communicate(timeout=30)
    assert "signed with INTERCOM_CLIENT_SECRET" in output
    assert "signed with OLD_SECRET" in output


def test_a_port_that_is_taken_is_told():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(UsageError, match="can't be used"),
        listening(taken.getsockname()[1]),
    ):
        pass


def test_hostile_text_moves_no_cursor():
    body = b'{"topic":"\\u001b[2J\\u202e","id":"\\u0007"}'
    delivery = ReceivedDelivery("POST", "/\x1b[2J", (("x-\x1b", "\x1b]0;x\x07"),), body)
    lines = "\n".join(
        arrival_lines(delivery, SignatureVerdict(Reason.MISMATCH), ["NAME"], content=True)
    )
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", lines)


def test_content_is_shown_only_when_asked_for():
    delivery = ReceivedDelivery("POST", "/", (("x-name", "value"),), b'{"email":"zoe@example.com"}')
    verdict = SignatureVerdict(Reason.GENUINE, 0)
    assert "zoe@" not in "\n".join(arrival_lines(delivery, verdict, ["NAME"]))
    assert "zoe@" in "\n".join(arrival_lines(delivery, verdict, ["NAME"], content=True))


def test_a_long_body_is_cut_and_says_so():
    delivery = ReceivedDelivery("POST", "/" + "x" * 200, (), b"[" + b"1," * 4_000 + b"1]")
    lines = list(arrival_lines(delivery, SignatureVerdict(Reason.MISMATCH), ["NAME"], content=True))
    assert "not a JSON object" in lines[0]
    assert "…" in lines[0]
    assert "characters more" in lines[-2]


@settings(max_examples=25)  # each writes two files for good
@given(st.binary(), st.lists(st.tuples(st.from_regex(r"[a-z-]+", fullmatch=True), st.text())))
def test_what_is_kept_is_read_again_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, headers: list[tuple[str, str]]
):
    delivery = ReceivedDelivery("POST", "/in?x=1", tuple(headers), body)
    path = save_delivery(tmp_path_factory.getbasetemp(), "kept", delivery)
    assert load_delivery(path) == delivery
    assert load_delivery(path.with_suffix(".json")) == delivery


def run(*arguments: str) -> tuple[object, str]:
    done = CliRunner().invoke(webhook, arguments, standalone_mode=False, catch_exceptions=False)
    return done.return_value, done.output


def test_a_delivery_from_elsewhere_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTERCOM_CLIENT_SECRET", SECRET)
    file = tmp_path / "body.json"
    file.write_bytes(b'{"topic": "ping"}')
    right = sign(SECRET, b'{"topic":"ping"}')
    status, output = run("explain", str(file), "--signature", right)
    assert status == 13
    assert "parsed and serialised again" in output
    file.write_bytes(b'{"topic":"ping"}')
    assert run("explain", str(file), "--signature", right)[0] == 0


def test_files_that_are_no_deliveries_are_told(tmp_path: Path):
    (tmp_path / "x.body").write_bytes(b"{}")
    (tmp_path / "x.json").write_text("[]", "utf-8")
    with pytest.raises(UsageError, match="does not describe the rest"):
        load_delivery(tmp_path / "x.body")
    with pytest.raises(UsageError, match="can't be read"):
        load_delivery(tmp_path / "missing")
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(17 << 20)
    with pytest.raises(UsageError, match="too large"):
        load_delivery(tmp_path / "large")
