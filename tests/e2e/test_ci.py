"""The pipelines that users copy, carried out: a clean folder, an empty home, a local Intercom."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.conftest import HOME, run_git
from tests.test_ci import GITLAB, STEPS


class Runner:
    """What a CI system gives a script: a workspace, an empty home, files to write to."""

    def __init__(self, folder: Path, live: Path) -> None:
        self.workspace = folder / "work"
        self.home = folder / "home"
        self.summary = folder / "summary.md"
        for path in (self.workspace / "app", self.home):
            path.mkdir(parents=True)
        run_git(self.workspace / "app", "init", "-q", "-b", "main")
        run_git(self.workspace / "app", "commit", "-q", "--allow-empty", "-m", "Begin")
        (self.workspace / "runbook").symlink_to(HOME)
        self.values = {key: value or "" for key, value in dotenv_values(live).items()}

    def environ(self) -> dict[str, str]:
        """No variable of this machine but PATH, and nothing prepared but the environment."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "RUNBOOK_VENV": sys.prefix,
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "CI_PROJECT_DIR": str(self.workspace / "app"),
            "INTERCOM_BASE_URL": self.values["INTERCOM_BASE_URL"],
        }

    def run(self, script: str, extra: dict[str, str], cwd: Path | None = None) -> int:
        """Run a script as the runner's shell does, and return its status."""
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=cwd or self.workspace,
            env={**self.environ(), **extra},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        self.said = done.stdout + done.stderr
        return done.returncode


@pytest.fixture
def runner(tmp_path: Path, live: Path) -> Runner:
    return Runner(tmp_path, live)


def variables(step: dict[str, dict[str, str]], values: dict[str, str]) -> dict[str, str]:
    """The variables of a step, its secrets and settings filled in."""
    named = {k: re.sub(r".*\.(\w+) }}$", r"\1", v) for k, v in step.get("env", {}).items()}
    return {name: values[key] for name, key in named.items()}


def carried_out(runner: Runner) -> dict[str, int]:
    """The status of every step of the workflow that is a script."""
    return {
        step["name"]: runner.run(step["run"], variables(step, runner.values))
        for step in STEPS
        if "run" in step
    }


def test_the_workflow_fails_on_what_is_new_and_keeps_its_state(runner: Runner) -> None:
    first = carried_out(runner)
    assert first["Audit"] == 14, runner.said
    assert {status for name, status in first.items() if name != "Audit"} == {0}
    assert "looks taken over" in runner.summary.read_text()
    assert "There is no earlier run" in runner.summary.read_text()
    sarif = json.loads((runner.workspace / "intercom.sarif").read_text())
    assert sarif["version"] == "2.1.0"
    assert list((runner.workspace / "state").iterdir())

    runner.summary.unlink()
    second = carried_out(runner)
    assert second["Audit"] == 14, "an incident counts as long as it is there"
    assert "Since the previous run: 0 new" in runner.summary.read_text()


def test_the_gitlab_job_runs_in_the_project_folder(runner: Runner) -> None:
    bin_folder = runner.home.parent / "bin"
    bin_folder.mkdir()
    (bin_folder / "runbook").symlink_to(HOME / "runbook")  # as in the image
    project = runner.workspace / "app"
    job = GITLAB["intercom-audit"]
    extra = {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "RUNBOOK_STATE_HOME": str(project / ".runbook-state"),
        "INTERCOM_REGION": runner.values["INTERCOM_REGION"],
        "INTERCOM_ACCESS_TOKEN": runner.values["INTERCOM_ACCESS_TOKEN"],
    }
    assert runner.run("\n".join(job["script"]), extra, project) == 14, runner.said
    assert runner.run("\n".join(job["after_script"]), extra, project) == 0, runner.said
    assert (project / "intercom.sarif").is_file()
    assert run_git(project, "status", "--porcelain").split() == ["??", "intercom.sarif"]
