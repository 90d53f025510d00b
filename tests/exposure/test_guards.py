"""What runs a scanner before a commit or in CI is known by its files; nothing is run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helpers.exposure.guards import guards
from helpers.exposure.repository import open_repository


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (".pre-commit-config.yaml", "- id: gitleaks", "gitleaks (.pre-commit-config.yaml)"),
        (".pre-commit-config.yaml", "- id: runbook-scan", "runbook-scan (.pre-commit-config.yaml)"),
        (".github/workflows/a.yml", "run: trufflehog git", "trufflehog (.github/workflows/a.yml)"),
        (".gitlab-ci.yml", "runbook scan --since main", "runbook scan (.gitlab-ci.yml)"),
        (".git/hooks/pre-commit", "kingfisher scan", "kingfisher (git's pre-commit hook)"),
    ],
)
def test_a_scanner_is_known_by_its_name_in_the_file_that_runs_it(
    repo: Path, name: str, text: str, told: str
) -> None:
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_text(text)
    assert guards(open_repository(repo)) == (told,)


def test_without_one_there_is_none(repo: Path) -> None:
    (repo / "README.md").write_text("we use gitleaks, honestly")
    (repo / ".gitlab-ci.yml").write_text("build: make")
    assert guards(open_repository(repo)) == ()


def test_a_file_that_is_no_file_is_none(repo: Path) -> None:
    (repo / ".gitlab-ci.yml").mkdir()
    os.mkfifo(repo / "Jenkinsfile")
    (repo / "lefthook.yml").symlink_to("nowhere")
    assert guards(open_repository(repo)) == ()
