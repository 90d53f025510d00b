"""`runbook audit` of what `runbook sandbox --misbehave MODE` serves: two commands, as typed.

By default a sample of the modes. RUNBOOK_MISBEHAVE_COMMAND=all tries all, a mode's name that one.
`GET /me`, which decides whether an audit starts, stays honest in one test and not in the other.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest

from helpers.core.model import Report
from helpers.report.folder import load_report
from helpers.sandbox.misbehaviour import MODES
from tests.conftest import run_git
from tests.e2e.conftest import CommandLine
from tests.e2e.misbehaviour import Verdicts, better

# Modes that hold each call until its deadline end in time as well: the limits are short.
LIMITS: Final = "[limits]\ncall_seconds = 4\nlist_seconds = 8\nstep_seconds = 20\n"
PATIENCE: Final = 200  # seconds for an audit; three steps of 20 s share two processors
HOLDING: Final = ("silent", "drip", "endless", "retry-after-forever")


def chosen() -> list[str]:
    """The modes to try."""
    asked = os.environ.get("RUNBOOK_MISBEHAVE_COMMAND", "")
    if asked:
        return list(MODES) if asked == "all" else [asked]
    draw = Random("commands")
    return [draw.choice(HOLDING), *draw.sample(sorted(set(MODES) - set(HOLDING) - {"huge"}), 2)]


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Path]:
    """An env file of `runbook sandbox`, while it runs."""
    env_file = folder / "sandbox.env"
    process = CommandLine(folder).start("sandbox", *options)
    try:
        assert process.stdout
        lines: list[str] = []
        while not any(line.startswith("INTERCOM_IDENTITY_SECRET") for line in lines):
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended"
        env_file.touch(0o600)
        env_file.write_text("".join(lines))
        yield env_file
    finally:
        process.terminate()
        process.communicate(timeout=30)


def audit(folder: Path, *options: str) -> tuple[int, str, Report | None]:
    """Audit what such a sandbox serves: exit status, output, and the report if there is one."""
    repo = folder / "repository"
    repo.mkdir()
    run_git(repo, "init", "-q")
    (folder / "policy.toml").write_text(LIMITS)
    cli = CommandLine(folder)
    with serving(folder, *options) as env_file:
        process = cli.start(
            *("audit", "--profile", "production", "--env-file", str(env_file)),
            *("--repo", str(repo), "--policy", str(folder / "policy.toml")),
        )
        out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in out + err, err
    found = load_report(cli.last_run()) if cli.out.exists() else None
    return process.returncode, out + err, found


def verdicts_of(report: Report) -> Verdicts:
    return {(f.step, f.check, f.resource.key, f.status.name) for f in report.findings}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    status, output, report = audit(tmp_path_factory.mktemp("honest"))
    assert status == 14, output
    assert report
    assert all(step.completed for step in report.steps)
    return verdicts_of(report)


@pytest.mark.timeout(2 * PATIENCE)
@pytest.mark.parametrize("mode", chosen())
def test_an_audit_of_a_bad_server_ends_and_finds_nothing_better(
    mode: str, honest: Verdicts, tmp_path: Path
) -> None:
    began = time.monotonic()
    status, output, report = audit(tmp_path, "--misbehave", mode)
    assert time.monotonic() - began < PATIENCE
    assert report, output
    assert all(step.completed or step.reason for step in report.steps), "lost without a reason"
    assert {step.step for step in report.steps} == {f.step for f in report.findings} - {"waivers"}
    assert better(verdicts_of(report), honest) == frozenset()
    assert status in (3, 10, 11, 12, 13, 14), output


@pytest.mark.timeout(2 * PATIENCE)
@pytest.mark.parametrize("mode", chosen())
def test_where_me_misbehaves_too_it_ends_with_a_sentence_or_a_report(
    mode: str, honest: Verdicts, tmp_path: Path
) -> None:
    status, output, report = audit(tmp_path, "--misbehave", mode, "--misbehave-me")
    if report is None:
        assert status in (1, 2, 3), output
        assert "GET /me" in output
        return
    assert all(step.completed or step.reason for step in report.steps)
    assert better(verdicts_of(report), honest) == frozenset()
