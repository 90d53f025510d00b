"""A refused control explains itself, one bug is one finding, and findings name their receiver."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli.webhook import webhook
from helpers.core.model import Severity
from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.records import BatteryResult
from helpers.webhooks.reporting import findings_of, result_lines
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import CANVAS_KIT, FIN_AGENT, WEBHOOK, Scheme
from helpers.webhooks.target import parse_target, secret_variable
from tests.webhooks.mutants.defects.defect import (
    QUICK,
    Changes,
    compared,
    instead,
    on_arrival,
    with_headers,
)
from tests.webhooks.mutants.host import serve

SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode())
_REFUSED = 'raise RefusedError(401, "bad signature")'


def run(changes: Changes, options: BatteryOptions = QUICK) -> BatteryResult:
    with serve(changes, WEBHOOK, SECRET) as (url, _):
        return run_battery(parse_target(url), BUILDER, options)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (instead("(PREFIX + digest)", '("" + digest)'), "bare hex in X-Hub-Signature (SHA-1)"),
        (
            instead("hmac.new(SECRET, body, ALGORITHM)", "hmac.new(SECRET, body, 'sha256')")
            | instead("(PREFIX + digest)", '("sha256=" + digest)'),
            "SHA-256 in X-Hub-Signature (`sha256=`)",
        ),
        (
            with_headers(
                "if not self.headers.get('X-GitHub-Event'):",
                "    raise RefusedError(400, 'Request does not contain X-GITHUB-EVENT header')",
            ),
            "GitHub's headers beside SHA-1",
        ),
    ],
)
def test_a_refused_control_says_which_scheme_is_expected(changes: Changes, expected: str):
    notes = run(changes, BatteryOptions(cases=("A01",))).notes
    assert any(note.startswith(f"It expects {expected}: ") for note in notes), notes


def test_it_shows_the_answer_and_the_header_that_it_asks_for_without_any_signature():
    asks = with_headers(
        "if not self.headers.get('X-GitHub-Event'):",
        "    raise RefusedError(400, f'no X-GITHUB-EVENT, {SECRET.decode()}')",
    )
    notes = run(asks, BatteryOptions(cases=("A01",))).notes
    assert "Its answer begins: no X-GITHUB-EVENT, …" in notes
    assert any("--header 'X-GITHUB-EVENT: VALUE'" in note for note in notes)


@pytest.mark.parametrize("scheme", [CANVAS_KIT, FIN_AGENT], ids=lambda scheme: scheme.name)
def test_a_receiver_of_another_scheme_is_named_with_the_option_that_tests_it(scheme: Scheme):
    with serve({}, scheme, SECRET) as (url, _):
        notes = run_battery(parse_target(url), BUILDER, BatteryOptions(cases=("A01",))).notes
    (note,) = [note for note in notes if "--scheme" in note]
    assert f"a receiver of {scheme.title} requests: test it with --scheme {scheme.name}" in note
    assert secret_variable(scheme.name) in note


def test_one_that_names_the_header_of_another_scheme_is_recognised_without_its_secret():
    missing = with_headers(
        "if not self.headers.get(HEADER):",
        "    raise RefusedError(400, f'{HEADER} is missing')",
    )
    with serve(missing, FIN_AGENT, secrets.token_hex(20)) as (url, _):
        notes = run_battery(parse_target(url), BUILDER, BatteryOptions(cases=("A01",))).notes
    assert any("--scheme fin_agent" in note for note in notes)
    assert not any("--header" in note for note in notes)


def test_a_receiver_that_refuses_everything_is_said_to_have_another_secret():
    notes = run(compared("False"), BatteryOptions(cases=("A01",))).notes
    assert any("most likely it is not the receiver's" in note for note in notes)


def test_a_crash_that_answers_many_cases_is_one_critical_finding():
    result = run(instead(_REFUSED, "raise ValueError"))
    (group,) = result.groups
    assert (group.id, group.severity) == ("G02", Severity.CRITICAL)
    assert {"R01", "R04", "R09"} <= set(group.cases)
    failed = [f for f in findings_of(result) if f.failing]
    assert [f.check for f in failed] == ["WHK-G02", "WHK-E11"]  # E11 may be signed: its own
    text = "\n".join(result_lines(result))
    assert text.count("FAIL  ") == 2


def test_an_answer_to_every_forgery_asks_whether_it_verifies_later():
    result = run(instead(_REFUSED, "return 200, 'thanks'"))
    assert [group.id for group in result.groups] == ["G01"]
    assert "--processed" in result.groups[0].fix[0]


def test_few_cases_are_reported_one_by_one():
    result = run(with_headers("assert self.headers.get(HEADER) != ''"))
    assert result.groups == ()


def test_a_cut_digest_says_how_many_digits_passed():
    result = run(compared("len(claimed) > 12 and expected.startswith(claimed)"))
    assert result.case("R09").consequence.startswith("8 digits of the digest passed")


def test_a_leak_can_be_repeated_by_its_line():
    result = run(instead(_REFUSED, "raise RefusedError(401, f'not {self.signature(body)}')"))
    leak = result.case("L01")
    assert all(variant.curl for variant in leak.failing)


def test_findings_of_two_receivers_on_one_host_have_two_fingerprints():
    first, second = run({}, BatteryOptions(cases=("R01",))), run({}, BatteryOptions(cases=("R01",)))
    assert first.endpoint != second.endpoint
    assert findings_of(first)[0].fingerprint != findings_of(second)[0].fingerprint


def test_a_key_in_the_path_is_cut_and_the_query_left_out():
    key = secrets.token_hex(12)
    endpoint = parse_target(f"https://hooks.example.com/in/0{key}?token={key}").endpoint
    assert key[8:] not in endpoint
    assert endpoint.startswith("https://hooks.example.com:443/in/0")


def test_lines_repeat_your_own_headers_without_their_values():
    given = (("X-Api-Key", secrets.token_hex(8)),)
    broken = on_arrival("return 500, 'error'")
    result = run(broken, BatteryOptions(cases=("R01", "E09"), headers=given))
    lines = [variant.curl for case in result.cases for variant in case.failing if variant.curl]
    assert lines
    assert all('"X-Api-Key: $HEADER_1"' in line for line in lines)
    assert given[0][1] not in result.model_dump_json()


def test_test_and_send_read_the_env_file_of_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("INTERCOM_CLIENT_SECRET", raising=False)
    own = tmp_path / "own.env"
    own.write_text(f"INTERCOM_CLIENT_SECRET={SECRET}\n")
    own.chmod(0o600)
    with serve({}, WEBHOOK, SECRET) as (url, _):
        for command in (["test", url, "--case", "R01"], ["send", url]):
            done = CliRunner().invoke(
                webhook, [*command, "--env-file", str(own)], standalone_mode=False
            )
            assert done.exception is None
            assert done.return_value == 0
    assert SECRET not in json.dumps(done.output)
