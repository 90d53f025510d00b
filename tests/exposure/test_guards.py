"""A scanner that runs before a commit or in CI is recognised by its files; nothing is run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helpers.exposure.collect import guards
from helpers.exposure.repository import open_repository


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".pre-commit-config.yaml", "- id: gitleaks", "gitleaks (.pre-commit-config.yaml)"),
        (".pre-commit-config.yaml", "- id: runbook-scan", "runbook-scan (.pre-commit-config.yaml)"),
        (".github/workflows/a.yml", "run: trufflehog git", "trufflehog (.github/workflows/a.yml)"),
        (".gitlab-ci.yml", "runbook scan --since main", "runbook scan (.gitlab-ci.yml)"),
        (".git/hooks/pre-commit", "kingfisher scan", "kingfisher (git's pre-commit hook)"),
    ],
)
def test_a_scanner_is_recognised_by_its_name_in_the_file_that_runs_it(
    repo: Path, name: str, text: str, expected: str
) -> None:
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_text(text)
    assert guards(open_repository(repo)) == (expected,)


def test_a_mention_elsewhere_is_no_guard(repo: Path) -> None:
    (repo / "README.md").write_text("we use gitleaks, honestly")
    (repo / ".gitlab-ci.yml").write_text("build: make")
    assert guards(open_repository(repo)) == ()


def test_folders_pipes_and_broken_links_are_no_guards(repo: Path) -> None:
    (repo / ".gitlab-ci.yml").mkdir()
    os.mkfifo(repo / "Jenkinsfile")
    (repo / "lefthook.yml").symlink_to("nowhere")
    assert guards(open_repository(repo)) == ()
