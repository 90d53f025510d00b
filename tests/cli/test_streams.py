"""Standard output that is closed, full or of another encoding: a documented end, in one line."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import make_access_token, run_git

RUNBOOK = (sys.executable, "-P", "-m", "helpers.cli")

# What a command meets that opens its state, as a user who may not write there.
UNPRIVILEGED = """
import fcntl, os
from pathlib import Path
import click
from helpers.cli import main, runbook
from helpers.system.state import open_state
command = click.Command("open", callback=lambda: open_state(Path(os.environ["STATE"])))
runbook.get_command = lambda context, name: command
os.setgid(65534)
os.setuid(65534)
main()
"""


def environ(folder: Path, **variables: str) -> dict[str, str]:
    own = {"RUNBOOK_STATE_HOME": str(folder / "state"), "HOME": str(folder)}
    return {**os.environ, **own, **variables}


@pytest.mark.parametrize("arguments", [("checks",), ("calls",), ("scan", "--format", "json")])
def test_a_reader_that_stops_early_ends_the_command_quietly(
    repo: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    command = subprocess.Popen(
        [*RUNBOOK, *arguments],
        cwd=repo,
        env=environ(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout
    assert command.stderr
    command.stdout.close()
    said = command.stderr.read()
    command.stderr.close()
    assert command.wait() == 1
    assert said == b""


@pytest.mark.parametrize("arguments", [("checks",), ("scan", "--format", "json")])
def test_a_full_output_is_one_line_and_status_1(
    repo: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*RUNBOOK, *arguments],
            cwd=repo,
            env=environ(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        b"Error: the output can't be written: No space left on device."
    )
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_another_encoding_ends_no_run(
    repo: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    (repo / "naïve ✓ 日本.txt").write_text(make_access_token())
    run_git(repo, "add", "-A")
    done = subprocess.run(
        [*RUNBOOK, "scan"],
        cwd=repo,
        env=environ(tmp_path, **variables),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 13, done.stderr
    assert b"Traceback" not in done.stderr


def limited() -> None:
    """Let no file grow: what a disk that is full does to a writer."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_a_full_disk_stops_a_scan_from_nothing_but_its_cache(repo: Path, tmp_path: Path) -> None:
    (repo / "a.txt").write_text(make_access_token())
    run_git(repo, "add", "-A")
    done = subprocess.run(
        [*RUNBOOK, "scan"],
        cwd=repo,
        env=environ(tmp_path),
        capture_output=True,
        check=False,
        preexec_fn=limited,
    )
    assert done.returncode in (1, 13), done.stderr
    assert b"a bug in the runbook" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who is refused")
def test_a_read_only_state_is_one_line_and_the_documented_status(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o555)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, "open"],
        env=environ(tmp_path, STATE=str(state / "production")),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert b"Permission denied" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert b"Traceback" not in done.stderr
