"""`runbook rotate` and `runbook keys`, as a person types them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from helpers.auditlog.segments import entries
from helpers.cli.keys import keys
from helpers.cli.rotate import rotate
from helpers.core.errors import RunbookError, UsageError
from helpers.rotation.client_secret import NEW_WORKS, OLD_REFUSED
from tests.rotation.conftest import Desk

Run = Callable[..., Result]


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command on the desk's profile; the exit status is the command's own."""
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("INTERCOM_BASE_URL", desk.context.settings.text("INTERCOM_BASE_URL"))
    monkeypatch.delenv("INTERCOM_ACCESS_TOKEN", raising=False)
    monkeypatch.chdir(desk.context.repo)

    def call(command: click.Command, *arguments: str, typed: str = "") -> Result:
        words = [*arguments, "--profile", "production"]
        return CliRunner().invoke(command, words, input=typed, standalone_mode=False)

    return call


def told(result: Result) -> tuple[Any, str]:
    return result.return_value, result.output


def test_a_whole_rotation_by_standard_input(run: Run, desk: Desk) -> None:
    env = ("--env-file", str(desk.env_file))
    status, said = told(run(rotate, "access-token", *env, "--dry-run"))
    assert status == 0
    assert "Nothing was changed" in said
    status, said = told(run(rotate, "access-token", *env, "--mode", "in-place"))
    assert status == 3
    assert "Regenerate token" in said
    new = desk.hub.regenerate_token(desk.app.id).access_token.get_secret_value()
    resume = ("access-token", *env, "--resume")
    status, said = told(run(rotate, *resume, "--stdin", typed=f"{new}\n"))
    assert status == 3
    assert "readers" in said
    assert new not in said
    status, said = told(run(rotate, "status"))
    assert "SWAPPED" in said
    status, said = told(run(rotate, *resume, "--confirm", "readers"))
    assert (status, "DONE" in said) == (0, True)
    assert desk.in_file() == new


def test_what_can_t_go_on_says_so(run: Run, desk: Desk) -> None:
    env = ("--env-file", str(desk.env_file))
    for option in ("--resume", "--abort", "--roll-back"):
        result = run(rotate, "access-token", *env, option)
        assert isinstance(result.exception, RunbookError)
        assert result.exception.exit_status == 2
        assert "No rotation of INTERCOM_ACCESS_TOKEN is open" in result.exception.message


def test_flags_that_exclude_one_another_are_refused(run: Run, desk: Desk) -> None:
    result = run(rotate, "access-token", "--env-file", str(desk.env_file), "--abort", "--resume")
    assert isinstance(result.exception, UsageError)
    assert result.exception.message == "--abort and --resume exclude each other."


def test_a_rotation_goes_on_in_the_store_that_it_was_begun_in(run: Run, desk: Desk) -> None:
    run(rotate, "access-token", "--env-file", str(desk.env_file))
    other = desk.env_file.with_name("other.env")
    other.write_text(desk.env_file.read_text())
    result = run(rotate, "access-token", "--env-file", str(other), "--resume")
    assert isinstance(result.exception, UsageError)
    assert ".env: INTERCOM_ACCESS_TOKEN, not in other.env" in result.exception.message


def test_giving_up(run: Run, desk: Desk) -> None:
    env = ("--env-file", str(desk.env_file))
    run(rotate, "access-token", *env, "--yes")
    status, said = told(run(rotate, "access-token", *env, "--abort"))
    assert (status, "ABORTED" in said) == (0, True)


def test_a_store_that_does_not_exist_is_a_usage_error(run: Run, desk: Desk) -> None:
    result = run(rotate, "access-token", "--env-file", str(desk.env_file), "--store", "paper")
    assert isinstance(result.exception, click.BadParameter)


def test_a_compromised_key_ends_in_an_incident_report(run: Run, desk: Desk, tmp_path: Path) -> None:
    env = ("--env-file", str(desk.env_file))
    desk.click("PUT", "/clock", now=datetime.now(UTC).isoformat())
    (desk.context.repo / "leak.py").write_text(f'TOKEN = "{desk.token}"\n')
    status, said = told(run(rotate, "access-token", *env, "--compromised", "--mode", "in-place"))
    assert status == 3
    assert "THIS CAN'T BE UNDONE" in said
    new = desk.hub.regenerate_token(desk.app.id).access_token.get_secret_value()
    run(rotate, "access-token", *env, "--resume")
    resume = ("access-token", *env, "--resume", "--stdin", "--confirm", "readers")
    assert told(run(rotate, *resume, typed=f"{new}\n"))[0] == 0
    out = tmp_path / "incident.md"
    run(
        rotate,
        "incident",
        "access-token",
        *env,
        "--repo",
        str(desk.context.repo),
        "--out",
        str(out),
    )
    text = out.read_text()
    assert "leak.py" in text
    assert "No live key was in use for 0 minutes" in text
    assert "regenerated the access token of Under test" in text
    assert desk.token not in text
    assert new not in text


def test_keys_tells_ages_and_fails_on_demand(run: Run, desk: Desk, tmp_path: Path) -> None:
    env = ("--env-file", str(desk.env_file))
    status, said = told(run(keys, *env))
    assert status == 0
    assert "INTERCOM_ACCESS_TOKEN" in said
    calendar = tmp_path / "keys.ics"
    assert told(run(keys, *env, "--calendar", str(calendar)))[0] == 0
    assert calendar.read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")


def test_the_sandbox_s_old_keys_fail_on_demand() -> None:
    result = CliRunner().invoke(keys, ["--fail-if-older-than", "100"], standalone_mode=False)
    assert result.return_value == 13


def test_in_the_sandbox_a_client_secret_can_be_rehearsed() -> None:
    words = ["client-secret", "--profile", "sandbox", "--confirm", "readers"]
    words += ["--confirm", NEW_WORKS, "--confirm", OLD_REFUSED]
    status, said = told(CliRunner().invoke(rotate, words, standalone_mode=False))
    assert (status, "is at DONE" in said) == (0, True)


def test_a_rotation_on_a_real_profile_is_in_the_runbooks_own_audit_log(
    run: Run, desk: Desk, tmp_path: Path
) -> None:
    env = ("--env-file", str(desk.env_file))
    run(rotate, "access-token", *env, "--mode", "in-place")
    run(rotate, "access-token", *env, "--abort")
    found = [
        e for e in entries(tmp_path / "home" / "production" / "audit") if "log." not in e.action
    ]
    assert [(e.metadata["from"], e.metadata["state"]) for e in found] == [
        ("", "PLANNED"),
        ("PLANNED", "ABORTED"),
    ]
    assert {e.resource["id"] for e in found} == {"INTERCOM_ACCESS_TOKEN"}
