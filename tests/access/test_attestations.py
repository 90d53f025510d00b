from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from helpers.access.attestations import attest as keep
from helpers.access.attestations import read_attestations
from helpers.access.checks.attestation import two_factor_is_enforced
from helpers.cli.attest import attest
from helpers.cli.calls import calls
from helpers.core.errors import ConfigurationError, StateError, UsageError
from tests.checking import NOW, statuses


def run(*arguments: str) -> Result:
    return CliRunner().invoke(attest, arguments, standalone_mode=False)


def test_an_answer_is_kept_and_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("RUNBOOK_PROFILE", "production")
    monkeypatch.chdir(tmp_path)
    assert "nobody answered" in run().output
    done = run("two-factor", "--answer", "yes", "--by", "Ada", "--days", "30")
    assert done.exception is None, done.exception
    assert "yes, until" in run().output
    assert isinstance(run("nonsense").exception, UsageError)


def test_an_answer_about_a_token_holds_for_the_token_that_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("RUNBOOK_PROFILE", "production")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INTERCOM_ACCESS_TOKEN", raising=False)
    env_file = tmp_path / "live.env"
    env_file.write_text(f"INTERCOM_ACCESS_TOKEN={'t' * 60}\n")
    said = ("token-scopes", "--answer", "yes", "--by", "Ada", "--env-file")
    assert run(*said, str(env_file)).exception is None
    (file,) = (tmp_path / "state").rglob("attestations.json")
    (kept,) = read_attestations(file.parent)
    assert kept.fingerprint
    env_file.write_text("")
    error = run(*said, str(env_file)).exception
    assert isinstance(error, ConfigurationError)
    assert "INTERCOM_ACCESS_TOKEN" in error.message


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("two-factor", "--answer", "maybe", "--by", "Ada"), "'yes', 'no'"),
        (("two-factor", "--answer", "yes", "--by", "Ada", "--days", "0"), "1<=x<=366"),
        (("two-factor", "--answer", "yes", "--by", "Ada", "--profile", "prod"), "production"),
        (("two-factor", "--answer", "yes", "--by", "Ada", "--evidence", "no.png"), "no.png"),
        (("two-factor", "--answer", "yes"), "--by"),
        (("two-factor", "--by", "Ada"), "--answer"),
        (("everything",), "two-factor"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_and_nothing_is_kept(
    arguments: tuple[str, ...], named: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("RUNBOOK_PROFILE", "production")
    monkeypatch.chdir(tmp_path)
    error = run(*arguments).exception
    assert isinstance(error, (UsageError, click.UsageError))
    assert named in f"{error.message} {getattr(error, 'advice', '')}"
    assert list(tmp_path.rglob("attestations.json")) == []


def test_an_answer_replaces_the_one_before_and_keeps_only_a_hash(tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    shot.write_bytes(b"picture")
    day = datetime.now(UTC).date()
    keep(tmp_path, "roles", answer="no", by="Ada", on=day, days=1)
    keep(tmp_path, "roles", answer="yes", by="Bob", on=day, days=2, evidence=shot)
    (kept,) = read_attestations(tmp_path)
    assert (kept.answer, kept.by, kept.expires) == ("yes", "Bob", day + timedelta(days=2))
    assert len(kept.evidence_sha256) == 64


def test_an_answer_goes_stale_the_day_after_it_expires(tmp_path: Path) -> None:
    for days, status in ((30, "PASS"), (29, "MANUAL")):
        on = NOW.date() - timedelta(days=30)
        said = keep(tmp_path, "two-factor", answer="yes", by="Ada", on=on, days=days)
        assert statuses(two_factor_is_enforced, attestations=(said,)) == [status]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "attestations.json").write_text("[{]")
    with pytest.raises(StateError):
        read_attestations(tmp_path)


def test_calls_lists_what_a_step_may_send() -> None:
    shown = CliRunner().invoke(calls, ["scopes"], standalone_mode=False)
    assert "GET /me" in shown.output
    assert "DELETE /tags/0" in shown.output
