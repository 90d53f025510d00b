"""`runbook scan --staged` as a real pre-commit hook, for every way to commit."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from string import ascii_letters, digits

import pytest

from tests.conftest import make_access_token, run_git


@pytest.fixture
def hooked(repo: Path) -> Path:
    """A repository with one clean commit, and the hook."""
    for name in ("a.txt", "b.txt"):
        (repo / name).write_text("fine\n")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "clean")
    write_hook(repo / ".git" / "hooks")
    return repo


def write_hook(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    hook = folder / "pre-commit"
    hook.write_text(
        f"#!/bin/sh\nexec {sys.executable} -P -m helpers.cli scan --staged --fail-on medium\n"
    )
    hook.chmod(0o755)


def commit(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `git`, with a commit to make, as a person in that folder would."""
    who = {
        f"GIT_{role}_{what}": "a@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**kept, **who, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("commit", "-a", "-m", "x"),
        ("commit", "-am", "x"),
        ("commit", "-m", "x", "a.txt"),
        ("commit", "-m", "x", "--include", "a.txt"),
        ("commit", "--amend", "-a", "--no-edit"),
    ],
)
def test_no_way_to_commit_misses_the_hook(hooked: Path, arguments: tuple[str, ...]) -> None:
    (hooked / "a.txt").write_text(make_access_token())
    done = commit(hooked, *arguments)
    assert done.returncode, done.stdout
    assert "1 secret is exposed" in done.stdout + done.stderr


def test_a_secret_outside_the_committed_path_does_not_stop_the_commit(hooked: Path) -> None:
    (hooked / "a.txt").write_text("changed\n")
    (hooked / "b.txt").write_text(make_access_token())
    run_git(hooked, "add", "b.txt")
    done = commit(hooked, "commit", "-m", "x", "a.txt")
    assert not done.returncode, done.stderr


def test_another_providers_key_stops_the_commit(hooked: Path) -> None:
    key = "aB0" + "".join(secrets.choice(ascii_letters + digits) for _ in range(37))
    (hooked / "a.txt").write_text(f"AWS_SECRET_ACCESS_KEY={key}\n")
    done = commit(hooked, "commit", "-am", "x")
    assert "1 secret is exposed" in done.stdout + done.stderr


def test_the_hook_works_from_a_subfolder(hooked: Path) -> None:
    (hooked / "sub").mkdir()
    (hooked / "a.txt").write_text(make_access_token())
    done = commit(hooked / "sub", "commit", "-am", "x")
    assert "1 secret is exposed" in done.stdout + done.stderr


def test_the_hook_works_in_a_linked_worktree(hooked: Path, tmp_path: Path) -> None:
    run_git(hooked, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    (tmp_path / "linked" / "a.txt").write_text(make_access_token())
    done = commit(tmp_path / "linked", "commit", "-am", "x")
    assert "1 secret is exposed" in done.stdout + done.stderr


@pytest.mark.parametrize("form", ["options", "variables"])
def test_the_hook_works_with_a_git_folder_elsewhere(
    hooked: Path, tmp_path: Path, form: str
) -> None:
    shutil.move(hooked / ".git", tmp_path / "elsewhere")
    (hooked / "a.txt").write_text(make_access_token())
    where = (f"--git-dir={tmp_path}/elsewhere", f"--work-tree={hooked}")
    if form == "options":
        done = commit(hooked, *where, "commit", "-am", "x")
    else:
        names = {"GIT_DIR": f"{tmp_path}/elsewhere", "GIT_WORK_TREE": str(hooked)}
        done = commit(hooked, "commit", "-am", "x", **names)
    assert "1 secret is exposed" in done.stdout + done.stderr


def test_an_index_outside_the_git_folder_is_refused(hooked: Path, tmp_path: Path) -> None:
    shutil.copy(hooked / ".git" / "index", tmp_path / "index")
    done = commit(hooked, "commit", "--allow-empty", "-m", "x", GIT_INDEX_FILE=f"{tmp_path}/index")
    assert done.returncode
    assert "GIT_INDEX_FILE names" in done.stderr


@pytest.mark.parametrize("arguments", [("-am", "x"), ("-m", "x", "a.txt")])
def test_the_hook_works_through_pre_commit(hooked: Path, arguments: tuple[str, ...]) -> None:
    (hooked / ".pre-commit-config.yaml").write_text(
        "repos:\n- repo: local\n  hooks:\n  - id: runbook-scan\n    name: scan\n"
        f"    entry: {sys.executable} -P -m helpers.cli scan --staged --fail-on medium\n"
        "    language: system\n    pass_filenames: false\n    always_run: true\n"
    )
    run_git(hooked, "add", ".pre-commit-config.yaml")
    run_git(hooked, "commit", "-q", "--no-verify", "-m", "configure")
    (hooked / ".git" / "hooks" / "pre-commit").unlink()
    install = [sys.executable, "-m", "pre_commit", "install"]
    home = {"PATH": os.environ["PATH"], "HOME": str(hooked)}
    subprocess.run(install, cwd=hooked, env=home, check=True, capture_output=True)
    (hooked / "a.txt").write_text(make_access_token())
    done = commit(hooked, "commit", *arguments)
    assert done.returncode
    assert "1 secret is exposed" in done.stdout + done.stderr
