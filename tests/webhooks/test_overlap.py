"""Two secrets: both good during a rotation, the old one good for nothing afterwards."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterable

import pytest
from click.testing import CliRunner

from helpers.cli.webhook import webhook
from helpers.core.errors import UsageError
from helpers.core.model import Severity
from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.cases import CASES, CORE, applicable
from helpers.webhooks.listener import Listener
from helpers.webhooks.records import BatteryResult, CaseOutcome
from helpers.webhooks.request_builder import Phase, PreviousSecret, RequestBuilder
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
from tests.webhooks.conftest import listener_at_work

NEW, OLD = secrets.token_hex(20), secrets.token_hex(20)


QUICK = BatteryOptions(cases=(*CORE, "O01", "O02", "O03"))


def tried(
    verifier: Verifier, *, revoked: bool = False, options: BatteryOptions = QUICK
) -> BatteryResult:
    previous = PreviousSecret("OLD_SECRET", OLD.encode(), revoked=revoked)
    builder = RequestBuilder(verifier.scheme, NEW.encode(), previous=previous)
    with listener_at_work(Listener(verifier, lambda _delivery, _verdict: None)) as url:
        return run_battery(parse_target(url), builder, options)


def failing(result: BatteryResult) -> set[str]:
    return {case.id for case in result.cases if case.outcome is CaseOutcome.FAIL}


@pytest.mark.parametrize("scheme", SCHEMES.values())
def test_a_receiver_that_knows_both_passes_the_overlap_and_fails_afterwards(scheme: Scheme):
    both = Verifier(NEW, OLD, scheme=scheme)
    assert failing(tried(both, options=BatteryOptions())) == set()
    afterwards = tried(both, revoked=True)
    assert failing(afterwards) == {"O03"}
    assert afterwards.case("O03").severity is Severity.CRITICAL


@pytest.mark.parametrize("scheme", SCHEMES.values())
def test_a_receiver_that_knows_the_new_one_alone_fails_the_overlap_and_passes_afterwards(
    scheme: Scheme,
):
    one = Verifier(NEW, scheme=scheme)
    assert failing(tried(one)) == {"O01"}
    assert failing(tried(one, revoked=True)) == set()


def test_a_receiver_that_was_not_started_again_fails_its_control():
    result = tried(Verifier(OLD))
    assert result.control is CaseOutcome.FAIL
    assert result.case("O02").outcome is CaseOutcome.INCONCLUSIVE


class Hasty(Verifier):
    """Sound for the new secret; for the old one it compares the beginning, and the header alone."""

    def verify(self, body: bytes, signatures: Iterable[str | bytes | None]) -> SignatureVerdict:
        """Judge."""
        values = [str(value) for value in signatures]
        known = [sign(OLD, body)] if len(values) == 1 else []
        hasty = any(right.startswith(values[0]) for right in known if len(values[0]) > 12)
        return SignatureVerdict(Reason.GENUINE, 1) if hasty else super().verify(body, values)


def test_a_weak_comparison_with_the_old_secret_alone_is_found():
    assert failing(tried(Hasty(NEW, OLD))) == {"O02"}


def test_no_result_holds_a_secret_and_its_curl_line_names_the_right_variable():
    result = tried(Verifier(NEW))
    told = result.model_dump_json()
    assert NEW not in told
    assert OLD not in told
    (line, *_) = [variant.curl for variant in result.case("O01").variants]
    assert 'b"OLD_SECRET"' in line
    assert "INTERCOM_CLIENT_SECRET" not in line


def test_the_curl_line_of_an_overlap_does_what_it_says():
    """The old secret comes out of the variable that the line names."""
    line = tried(Verifier(NEW)).case("O01").variants[0].curl
    with listener_at_work(Listener(Verifier(OLD), lambda *_: None)) as url:
        environ = {**os.environ, "URL": url, "OLD_SECRET": OLD}
        answer = subprocess.check_output(["bash", "-c", line], env=environ, text=True)
    assert "HTTP/1.1 200" in answer


def test_cases_of_a_rotation_are_tried_in_their_phase_alone():
    steady = {case.id for case in applicable(WEBHOOK)}
    overlap = {case.id for case in applicable(WEBHOOK, phase=Phase.OVERLAP)}
    revoked = {case.id for case in applicable(WEBHOOK, phase=Phase.REVOKED)}
    assert (overlap - steady, revoked - steady) == ({"O01", "O02"}, {"O03"})
    assert {case.id for case in CASES} == overlap | revoked


def run(*arguments: str) -> tuple[object, str]:
    done = CliRunner().invoke(
        webhook, ["test", *arguments], standalone_mode=False, catch_exceptions=False
    )
    return done.return_value, done.output


def test_the_command_takes_the_old_secret_from_a_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTERCOM_CLIENT_SECRET", NEW)
    monkeypatch.setenv("OLD_SECRET", OLD)
    with listener_at_work(Listener(Verifier(NEW, OLD), lambda *_: None)) as url:
        during, _ = run(url, "--previous-secret-variable", "OLD_SECRET")
        after, output = run(url, "--previous-secret-variable", "OLD_SECRET", "--revoked")
    assert (during, after) == (0, 14)
    assert "Remove the old secret" in output
    assert OLD not in output


def test_what_makes_no_sense_of_a_rotation_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTERCOM_CLIENT_SECRET", NEW)
    monkeypatch.setenv("SAME", NEW)
    for arguments in (("--revoked",), ("--previous-secret-variable", "SAME")):
        with pytest.raises(UsageError):
            run("http://127.0.0.1:9/", *arguments)
    with pytest.raises(UsageError, match="UNSET is not set"):
        run("http://127.0.0.1:9/", "--previous-secret-variable", "UNSET")
