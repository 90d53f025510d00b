"""The lines of the documents for hooks and papermill work as printed, from another folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import nbformat
from dotenv import dotenv_values

from tests.conftest import HOME, make_access_token, run_git
from tests.e2e.conftest import CommandLine

README = (HOME / "README.md").read_text("utf-8")
EXPOSURE = (HOME / "docs" / "exposure.md").read_text("utf-8")


def test_the_papermill_line_runs_a_real_profile_from_another_folder(
    cli: CommandLine, live: Path, repo: Path
) -> None:
    (line,) = re.findall(r"`(\S+/papermill [^`]+)`", README)
    run_git(repo, "commit", "-q", "--allow-empty", "-m", "Begin")
    program, *arguments = shlex.split(line)
    assert program == "/srv/runbook/.venv/bin/papermill"
    places = {"/srv/runbook": str(HOME), "/srv/app": str(repo)}
    for printed, real in places.items():
        arguments = [word.replace(printed, real) for word in arguments]
    values = {key: value or "" for key, value in dotenv_values(live).items()}
    done = subprocess.run(
        [Path(sys.prefix) / "bin" / "papermill", *arguments],
        cwd=cli.folder,
        env=cli.environ(**values),
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cells = nbformat.read(cli.folder / "out.ipynb", as_version=4).cells
    shown = [str(out.get("data", "")) for cell in cells for out in cell.get("outputs", ())]
    assert any("production" in text and repo.name in text for text in shown)


def test_the_hook_stops_a_token_in_any_repository(cli: CommandLine, repo: Path) -> None:
    (script,) = re.findall(r"```sh\n(#!/bin/sh\nexec runbook scan.*?)```", EXPOSURE, re.DOTALL)
    folder = cli.folder / "bin"
    assert cli.run("install", "--folder", str(folder)).returncode == 0
    hook = repo / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(script)
    hook.chmod(0o755)
    environ = cli.environ(PATH=f"{folder}:{os.environ['PATH']}", RUNBOOK_VENV=sys.prefix)
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]

    def commit(text: str) -> subprocess.CompletedProcess[str]:
        (repo / "app.py").write_text(text)
        run_git(repo, "add", "app.py")
        return subprocess.run(
            ["git", *who, "commit", "-q", "-m", "x"],
            cwd=repo,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    calm = commit("print()\n")
    assert calm.returncode == 0, calm.stderr
    stopped = commit(f"TOKEN = '{make_access_token()}'\n")
    assert stopped.returncode != 0
    assert "Intercom access token" in stopped.stdout + stopped.stderr
