"""The battery against the sample receivers: no false alarm, and no flaw missed."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator

import pytest

from helpers.core.errors import UsageError
from helpers.core.model import Severity
from helpers.sandbox.receivers import Receivers, start_receivers
from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.records import CaseOutcome
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target

SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode())


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receivers]:
    with start_receivers(SECRET) as both:
        yield both


def test_a_sound_receiver_raises_no_alarm(receivers: Receivers):
    result = run_battery(parse_target(receivers.sound_url), BUILDER)
    assert [case.id for case in result.cases if case.outcome is CaseOutcome.FAIL] == []
    assert result.control is CaseOutcome.PASS


def test_the_flaws_of_the_flawed_receiver_are_found(receivers: Receivers):
    result = run_battery(parse_target(receivers.flawed_url), BUILDER)
    failing = {case.id for case in result.cases if case.outcome is CaseOutcome.FAIL}
    assert {"A02", "R01", "R02", "R18", "R26", "E02", "E03", "L01"} <= failing


def test_a_trace_is_told_as_a_trace_and_as_nothing_worse(receivers: Receivers):
    leaks = run_battery(parse_target(receivers.flawed_url), BUILDER).case("L01")
    assert leaks.severity is Severity.MEDIUM
    assert leaks.observed == "a Python traceback"
    assert leaks.consequence == "Strangers see how the code works and where it breaks."


def test_the_secret_stands_in_no_result(receivers: Receivers):
    result = run_battery(parse_target(receivers.flawed_url), BUILDER)
    assert SECRET not in result.model_dump_json()
    assert "INTERCOM_CLIENT_SECRET" in result.model_dump_json()


def test_with_a_wrong_secret_refusals_say_nothing(receivers: Receivers):
    result = run_battery(
        parse_target(receivers.sound_url), RequestBuilder(WEBHOOK, b"not this one")
    )
    assert result.control is CaseOutcome.FAIL
    assert result.case("R01").outcome is CaseOutcome.INCONCLUSIVE


def test_a_receiver_that_is_not_there_is_told_as_unreachable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = run_battery(parse_target(f"http://127.0.0.1:{port}/"), BUILDER)
    assert {case.outcome for case in result.cases} <= {
        CaseOutcome.INCONCLUSIVE,
        CaseOutcome.SKIPPED,
    }


def test_a_receiver_that_hangs_ends_the_run_in_time():
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = parse_target(f"http://127.0.0.1:{server.getsockname()[1]}/")
        result = run_battery(target, BUILDER, BatteryOptions(timeout=0.2))
    assert result.case("A01").outcome is CaseOutcome.FAIL
    assert "no response in time" in result.case("A01").observed


def test_a_receiver_elsewhere_needs_consent():
    with pytest.raises(UsageError, match="--consent"):
        run_battery(parse_target("https://hooks.example.com/in"), BUILDER)
