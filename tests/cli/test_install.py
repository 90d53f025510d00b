"""`runbook install` puts a link on PATH, and the link runs the clone from everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli.install import install
from tests.conftest import HOME


def linked(folder: Path, path: str = "/usr/bin") -> str:
    done = CliRunner().invoke(install, ["--folder", str(folder)], env={"PATH": path})
    assert done.exception is None, done.output
    return done.output


def test_the_link_runs_the_clone_from_another_folder(tmp_path: Path) -> None:
    linked(tmp_path / "bin")
    environ = {**os.environ, "RUNBOOK_VENV": sys.prefix}
    command = [str(tmp_path / "bin" / "runbook"), "checks", "--help"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: runbook checks" in done.stdout


def test_a_link_to_the_link_still_finds_the_clone(tmp_path: Path) -> None:
    linked(tmp_path / "bin")
    (tmp_path / "again").symlink_to("bin/runbook")
    done = subprocess.run(
        [str(tmp_path / "again"), "--version"],
        env={**os.environ, "RUNBOOK_VENV": sys.prefix},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_folder_off_path_is_reported_with_the_line_to_add(tmp_path: Path) -> None:
    assert f'export PATH="{tmp_path}:$PATH"' in linked(tmp_path)


def test_a_folder_on_path_needs_no_remark(tmp_path: Path) -> None:
    assert "not on PATH" not in linked(tmp_path, f"/usr/bin:{tmp_path}")


def test_installing_again_changes_nothing(tmp_path: Path) -> None:
    linked(tmp_path)
    assert "is there already" in linked(tmp_path)
    assert (tmp_path / "runbook").resolve() == HOME / "runbook"


def test_another_program_of_that_name_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "runbook").write_text("mine")
    done = CliRunner().invoke(install, ["--folder", str(tmp_path)])
    assert "is something else" in str(done.exception)
    assert (tmp_path / "runbook").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(["audti"], "audit"), (["reprot"], "report"), (["webhook", "lisen"], "listen")],
)
def test_a_mistyped_command_names_the_one_that_was_meant(arguments: list[str], meant: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "helpers.cli", *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert f"Did you mean '{meant}'?" in done.stderr


def test_a_name_that_resembles_nothing_gets_no_suggestion() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "helpers.cli", "xyzzy"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "Did you mean" not in done.stderr
