"""The pytest plug-in, in processes of its own, as a team's CI runs it."""

from __future__ import annotations

import secrets
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from helpers.core.errors import UsageError
from helpers.sandbox.receivers import Receivers, start_receivers
from helpers.webhooks.cases import applicable
from helpers.webhooks.listener import Listener
from helpers.webhooks.pytest_items import ReceiverUnderTest
from helpers.webhooks.signatures import FIN_AGENT, WEBHOOK, SignatureVerdict, Verifier
from tests.webhooks.conftest import listener_at_work

pytest_plugins = ["pytester"]

PLUGIN = "helpers.webhooks.pytest_plugin"
SECRET = secrets.token_hex(20)
INI = "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n"


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receivers]:
    with start_receivers(SECRET) as both:
        yield both


@pytest.fixture(autouse=True)
def team(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a test of its own, the secret in its variable, and warnings as errors."""
    monkeypatch.setenv("INTERCOM_CLIENT_SECRET", SECRET)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makefile(".ini", pytest=INI)
    pytester.makepyfile("def test_of_the_team(): pass")
    return pytester


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """With the plug-in alone: the others that are installed here take seconds to load."""
    return pytester.runpytest_subprocess("-p", PLUGIN, *arguments, timeout=60)


def test_it_is_an_entry_point_and_costs_nothing_until_it_is_asked():
    (found,) = [e for e in entry_points(group="pytest11") if e.name == "intercom_webhook"]
    code = (
        "import sys, pytest; before = set(sys.modules)\n"
        f"import {PLUGIN}\n"
        "print([m for m in set(sys.modules) - before if m.partition('.')[0] != 'helpers'])\n"
        f"print(sorted(m for m in sys.modules if m.startswith('helpers')))"
    )
    output = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()
    assert found.value == PLUGIN
    assert output == ["[]", f"['helpers', 'helpers.webhooks', {PLUGIN!r}]"]


def test_it_is_loaded_in_every_run_and_without_its_option_changes_nothing(
    team: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    others = {point.name for point in entry_points(group="pytest11")} - {"intercom_webhook"}
    without = [f"-pno:{name}" for name in others]  # they take seconds to load
    options = ("--collect-only", "-q", "--trace-config", *without)
    result = team.runpytest_subprocess(*options, timeout=60)
    result.stdout.fnmatch_lines([f"*{PLUGIN}*", "*test_of_the_team", "", "1 test collected*"])
    result.stdout.no_fnmatch_line("*intercom-webhook::*")


def test_a_sound_receiver_passes_every_case(team: pytest.Pytester, receivers: Receivers):
    result = run(team, f"--intercom-webhook-url={receivers.sound_url}")
    cases = len(applicable(WEBHOOK))
    result.assert_outcomes(passed=cases - 1, skipped=2)  # with the team's own; P08 wants https


def test_a_failure_says_what_it_means_and_how_to_mend_it(
    team: pytest.Pytester, receivers: Receivers
):
    result = run(team, f"--intercom-webhook-url={receivers.flawed_url}", "-k", "R01 or R04")
    result.assert_outcomes(failed=1, passed=1, deselected=len(applicable(WEBHOOK)) - 1)
    result.stdout.fnmatch_lines(["*R01 No signature*", "*Seen: 200*", "*Fix: Refuse*", "*curl*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert SECRET not in result.stdout.str() + result.stderr.str()


def test_the_threshold_is_that_of_the_command(team: pytest.Pytester, receivers: Receivers):
    url = f"--intercom-webhook-url={receivers.flawed_url}"
    lenient = run(team, url, "-k", "R18")  # medium
    lenient.assert_outcomes(passed=1, deselected=len(applicable(WEBHOOK)))
    strict = run(team, url, "-k", "R18", "--intercom-webhook-fail-on=low")
    strict.assert_outcomes(failed=1, deselected=len(applicable(WEBHOOK)))


def test_only_what_is_selected_is_sent(team: pytest.Pytester):
    seen: list[SignatureVerdict] = []
    listener = Listener(Verifier(SECRET), lambda _, verdict: seen.append(verdict))
    with listener_at_work(listener) as url:
        run(team, f"--intercom-webhook-url={url}", "-k", "R01").assert_outcomes(
            passed=1, deselected=len(applicable(WEBHOOK))
        )
        (sent,) = [sum(not verdict for verdict in seen)]
        assert sent == 1
        seen.clear()
        run(team, f"--intercom-webhook-url={url}", "-k", "team")
        assert seen == []
        run(team, f"--intercom-webhook-url={url}", "--collect-only")
        assert seen == []


def test_the_cases_can_be_run_alone_and_in_several_processes(
    team: pytest.Pytester, receivers: Receivers, tmp_path: Path
):
    options = ("-p", "xdist", "-m", "intercom_webhook", "-k", "R01 or R02", "-n", "2")
    path = tmp_path / "junit.xml"
    url = f"--intercom-webhook-url={receivers.flawed_url}"
    run(team, url, *options, f"--junitxml={path}").assert_outcomes(failed=2)
    (suite,) = ET.parse(path).getroot()
    assert {case.attrib["classname"] for case in suite} == {"intercom-webhook"}
    assert "Fix:" in str(suite[0][0].text)


def test_other_schemes_and_their_secrets(team: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FIN_AGENT_WEBHOOK_SECRET", SECRET)
    monkeypatch.delenv("INTERCOM_CLIENT_SECRET")
    listener = Listener(Verifier(SECRET, scheme=FIN_AGENT), lambda *_: None)
    with listener_at_work(listener) as url:
        options = (f"--intercom-webhook-url={url}", "--intercom-webhook-scheme=fin_agent")
        run(team, *options, "-k", "A01 or R01").assert_outcomes(
            passed=2, deselected=len(applicable(FIN_AGENT)) - 1
        )


def test_the_overlap_of_a_rotation(team: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OLD_SECRET", secrets.token_hex(20))
    with listener_at_work(Listener(Verifier(SECRET), lambda *_: None)) as url:
        options = (
            f"--intercom-webhook-url={url}",
            "--intercom-webhook-previous-secret-variable=OLD_SECRET",
        )
        run(team, *options, "-k", "O01").assert_outcomes(
            failed=1, deselected=len(applicable(WEBHOOK)) + 2
        )
        run(team, *options, "--intercom-webhook-revoked", "-k", "O03").assert_outcomes(
            passed=1, deselected=len(applicable(WEBHOOK)) + 1
        )


def test_a_receiver_that_is_not_there_fails_as_what_it_is(team: pytest.Pytester):
    result = run(team, "--intercom-webhook-url=http://127.0.0.1:9/", "-k", "A01 or R01")
    result.assert_outcomes(failed=2, deselected=len(applicable(WEBHOOK)) - 1)
    result.stdout.fnmatch_lines(["*no connection*"])


def test_a_note_is_no_failure_and_can_be_read(team: pytest.Pytester, receivers: Receivers):
    url = f"--intercom-webhook-url={receivers.sound_url}"
    result = run(team, url, "-k", "P04", "-rP")
    result.assert_outcomes(passed=1, deselected=len(applicable(WEBHOOK)))
    result.stdout.fnmatch_lines(["*Captured note call*", "200. *"])


def test_what_is_wrong_with_the_options_is_told_at_once(team: pytest.Pytester):
    result = run(team, "--intercom-webhook-url=https://hooks.example.com/in")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*not on this machine*"])
    result.stderr.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("url", "nonsense", "not an http or https URL"),
        ("header", ["x"], "NAME:VALUE"),
        ("previous-secret-variable", "UNSET", "UNSET is not set"),
        ("scheme", "fin_agent", "FIN_AGENT_WEBHOOK_SECRET is not set"),
    ],
)
def test_each_option_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, option: str, value: object, message: str
):
    monkeypatch.delenv("FIN_AGENT_WEBHOOK_SECRET", raising=False)
    usual = {"url": "http://127.0.0.1:9/", "scheme": "webhook", "header": [], "app-id": "a"}
    chosen = {**usual, option: value}
    with pytest.raises(UsageError, match=message):
        ReceiverUnderTest.from_options(
            lambda name: chosen.get(name.removeprefix("--intercom-webhook-"))
        )
