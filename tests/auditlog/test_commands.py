"""`runbook auditlog` and `runbook review`, as they are called."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from helpers.auditlog.expected import verify_expected
from helpers.auditlog.log import AuditLog
from helpers.auditlog.partitions import Partitions
from helpers.auditlog.segments import entries
from helpers.auditlog.status import OWN_LOG
from helpers.cli.auditlog import auditlog
from helpers.core.errors import ConfigurationError, StateError, UsageError
from tests.auditlog.builders import ROOT, Bench, edited
from tests.auditlog.test_fetch import row_at

DESK = ("--profile", "development", "--env-file")


def months_in(partitions: Partitions) -> int:
    with partitions.reading() as files:
        return len(files)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    def call(*arguments: str) -> Result:
        return CliRunner().invoke(auditlog, arguments, standalone_mode=False)

    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RUNBOOK_PROFILE", "sandbox")
    monkeypatch.chdir(tmp_path)
    return call


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The env file of a development profile."""
    file = tmp_path / "desk.env"
    file.write_text("INTERCOM_BASE_URL=http://127.0.0.1:9\n")
    file.chmod(0o600)
    return file


def test_verify_of_a_copied_folder_ends_with_the_documented_status(
    bench: Bench, run: Callable[..., Result]
) -> None:
    last = bench.fill(150, sealed=True)
    key = bench.base / "root"
    key.write_text(ROOT.hex())
    copy = bench.backup()
    anchor = f"{last.seq}:{last.hash}"
    assert run("verify", str(copy)).return_value == 3
    assert run("verify", str(copy), "--anchor", anchor).return_value == 0
    with_key = run("verify", str(copy), "--root-key-file", str(key))
    assert with_key.return_value == 0
    assert "chain alone" in with_key.output
    beyond = run("verify", str(copy), "--anchor", f"{last.seq + 1}:{'a' * 16}")
    assert beyond.return_value == 13
    bench.rewrite(lambda lines: [*lines[:9], edited(lines[9], result="failure"), *lines[10:]])
    changed = run("verify", str(bench.backup()))
    assert changed.return_value == 14
    assert "First bad: record 10" in changed.output
    with pytest.raises(UsageError):
        raise run("verify", str(copy), "--anchor", "nonsense").exception or AssertionError


def test_verify_of_a_wiped_log_says_what_happened_and_what_to_do(
    run: Callable[..., Result], desk: Path, tmp_path: Path
) -> None:
    state = tmp_path / "home" / "development"
    assert run("seal", *DESK, str(desk)).exit_code == 0
    verify_expected(state / "audit", OWN_LOG, state, datetime.now(UTC))  # as an audit does
    assert run("verify", *DESK, str(desk)).return_value == 0
    shutil.rmtree(state / "audit")
    wiped = run("verify", *DESK, str(desk))
    assert wiped.return_value == 13
    what, where, *_, advice = wiped.stdout.splitlines()
    assert what.startswith("TRUNCATED")
    assert "it is gone" in where
    assert "Bring it back from a copy" in advice
    (state / "keys" / "seal.key").unlink()
    assert run("seal", *DESK, str(desk)).exit_code == 0  # a log begun anew
    for _ in range(2):
        assert run("verify", *DESK, str(desk)).return_value == 14
    assert run("accept", *DESK, str(desk), "--name", "Ann Admin").exit_code == 0
    assert run("verify", *DESK, str(desk)).return_value == 0


def test_tail_prints_lines_for_collectors(bench: Bench, run: Callable[..., Result]) -> None:
    bench.fill(12)
    lines = run("tail", str(bench.folder), "-n", "3").output.splitlines()
    assert [json.loads(line.removeprefix("[AUDIT] "))["seq"] for line in lines] == [10, 11, 12]


def test_export_and_query_agree(bench: Bench, run: Callable[..., Result], tmp_path: Path) -> None:
    bench.fill(4)
    exported = run("export", str(bench.folder), "--action", "demo.*").output.splitlines()
    assert len(exported) == 4
    out = tmp_path / "out.csv"
    run("export", str(bench.folder), "--format", "csv", "--out", str(out))
    assert out.stat().st_mode & 0o777 == 0o600
    assert len(out.read_text().splitlines()) == 6
    assert "thing/3" in run("query", str(bench.folder), "--limit", "1").output
    assert "No record matches" in run("query", str(bench.folder), "--since", "2030-01-01").output


def test_sealing_starts_once_and_shows_the_root_key(run: Callable[..., Result]) -> None:
    shown = run("seal").stdout.strip()
    assert len(bytes.fromhex(shown)) == 32


def test_sealing_again_needs_to_be_said(run: Callable[..., Result], desk: Path) -> None:
    assert run("seal", *DESK, str(desk)).exception is None
    again = run("seal", *DESK, str(desk)).exception
    assert isinstance(again, UsageError)
    assert run("seal", "--new", *DESK, str(desk)).exception is None


def test_forgetting_drops_old_months_and_the_log_says_which(
    run: Callable[..., Result], desk: Path, tmp_path: Path
) -> None:
    state = tmp_path / "home" / "development"
    now = datetime.now(UTC)
    months = Partitions.of_workspace(state, "abc123")
    with months.ingest() as writer:
        writer.add(row_at(age, now - timedelta(days=age)) for age in (1, 100, 1000))
        writer.flush()
        writer.mark_complete([(now - timedelta(days=1000)).date()])
    assert months.covered()
    assert run("forget", *DESK, str(desk)).stdout.startswith("Deleted: ")
    assert months_in(months) == 2
    assert not months.covered()
    assert run("forget", "--days", "31", *DESK, str(desk)).stdout.startswith("Deleted: ")
    assert months_in(months) == 1
    assert "Nothing is old enough" in run("forget", "--days", "31", *DESK, str(desk)).output
    told = [e for e in entries(state / "audit") if e.action == "runbook.activity.forgotten"]
    assert [e.metadata["note"] for e in told] == [
        f"{now - timedelta(days=age):%Y-%m}" for age in (1000, 100)
    ]


def test_what_cannot_be_recorded_is_not_forgotten(
    run: Callable[..., Result], desk: Path, tmp_path: Path
) -> None:
    state = tmp_path / "home" / "development"
    months = Partitions.of_workspace(state, "abc123")
    with months.ingest() as writer:
        writer.add([row_at(1, datetime(2023, 11, 14, tzinfo=UTC))])
    (state / "audit").write_text("no folder")
    assert isinstance(run("forget", *DESK, str(desk)).exception, StateError)
    assert months_in(months) == 1


def test_the_mirror_is_brought_up_to_date(run: Callable[..., Result], tmp_path: Path) -> None:
    shown = run("mirror")
    assert shown.return_value == 0
    assert "intercom-events/runbook-audit" in shown.output
    policy = tmp_path / "policy.toml"
    policy.write_text("[acts]\nmirror = false\n")
    assert isinstance(run("mirror", "--policy", str(policy)).exception, ConfigurationError)


def test_asking_for_a_question_that_is_none_names_those_there_are(
    run: Callable[..., Result],
) -> None:
    failed = run("ask", "nonsense").exception
    assert isinstance(failed, UsageError)
    assert "exports" in failed.advice
    assert "18,204" in run("ask", "exports").output


def test_review_on_the_command_line_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_PROFILE", "sandbox")
    from helpers.cli.review import review

    signed: list[Path] = []
    real = AuditLog.open.__func__  # type: ignore[attr-defined]

    def watched(cls: type[AuditLog], /, folder: Path, state: Path, **options: Any) -> AuditLog:
        signed.append(folder)
        log: AuditLog = real(cls, folder, state, **options)
        return log

    monkeypatch.setattr(AuditLog, "open", classmethod(watched))
    done = CliRunner().invoke(review, ["--reviewer", "Ann", "--yes"], standalone_mode=False)
    assert done.exception is None
    assert "Signed. Anchor:" in done.output
    assert signed[-1].name == "audit"
    refused = CliRunner().invoke(review, ["--reviewer", "Ann"], input="n\n", standalone_mode=False)
    assert refused.exception is not None
