"""Damage never ends a scan: everything else is searched, and what is damaged is listed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from helpers.cli.scan import scan as command
from helpers.core.model import fingerprint
from tests.conftest import make_access_token, run_git


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def history(repo: Path) -> tuple[Path, set[str]]:
    """Three commits with a token each, a folder, and an untracked file with another one."""
    tokens = [make_access_token() for _ in range(4)]
    (repo / "deep").mkdir()
    for number, token in enumerate(tokens[:3]):
        (repo / f"deep/{number}.txt").write_text(token)
        run_git(repo, "add", "-A")
        run_git(repo, "commit", "-q", "-m", f"work {number}")
    (repo / "untracked.txt").write_text(tokens[3])
    return repo, {fingerprint("access_token", token) for token in tokens}


def remove(repo: Path, revision: str) -> None:
    oid = run_git(repo, "rev-parse", revision).strip()
    (repo / ".git" / "objects" / oid[:2] / oid[2:]).unlink()


def truncate(repo: Path, revision: str) -> None:
    oid = run_git(repo, "rev-parse", revision).strip()
    path = repo / ".git" / "objects" / oid[:2] / oid[2:]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:8])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        command, [*arguments, "--format", "json"], standalone_mode=False, catch_exceptions=False
    )


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a missing tree": lambda repo: remove(repo, "HEAD~1:deep"),
    "a missing root tree": lambda repo: remove(repo, "HEAD^{tree}"),
    "a missing commit": lambda repo: remove(repo, "HEAD~1"),
    "a truncated tree": lambda repo: truncate(repo, "HEAD~1:deep"),
    "a truncated commit": lambda repo: truncate(repo, "HEAD~1"),
    "a corrupt index": lambda repo: (repo / ".git/index").write_bytes(b"DIRC" + bytes(40)),
    "a branch to nowhere": lambda repo: (repo / ".git/refs/heads/x").write_text("1" * 40 + "\n"),
    "a branch of garbage": lambda repo: (repo / ".git/refs/heads/x").write_bytes(b"\xff\0garbage"),
    "a broken configuration": lambda repo: (repo / ".git/config").write_text("[core\nx = [\n"),
    "a broken HEAD": lambda repo: (repo / ".git/HEAD").write_text("ref: refs/heads/none\n"),
    "a garbage HEAD": lambda repo: (repo / ".git/HEAD").write_bytes(b"\x00\xff\n"),
}
HARMLESS = {"a broken configuration", "a broken HEAD", "a branch to nowhere", "a branch of garbage"}


@pytest.mark.parametrize("name", DAMAGES)
def test_all_else_is_searched(history: tuple[Path, set[str]], name: str) -> None:
    repo, expected = history
    DAMAGES[name](repo)
    for _ in range(2):  # the second scan has a cache
        done = run(str(repo), "--rules", "all")
        document = json.loads(done.output)
        assert {leak["fingerprint"] for leak in document["leaks"]} == expected
        if name not in HARMLESS:
            assert document["coverage"]["missed_total"], name


def test_a_missing_blob_is_listed(history: tuple[Path, set[str]]) -> None:
    repo, _ = history
    oid = run_git(repo, "rev-parse", "HEAD:deep/0.txt").strip()
    (repo / "deep/0.txt").unlink()
    remove(repo, "HEAD:deep/0.txt")
    for _ in range(2):
        missed = json.loads(run(str(repo)).output)["coverage"]["missed"]
        assert [one["where"] for one in missed] == [f"object {oid}"]


def test_a_submodule_is_not_a_missing_object(repo: Path, tmp_path: Path) -> None:
    run_git(repo, "update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},module")
    run_git(repo, "commit", "-q", "-m", "a submodule")
    assert json.loads(run(str(repo)).output)["coverage"]["missed"] == []


def test_a_broken_nested_repository_is_listed(history: tuple[Path, set[str]]) -> None:
    repo, expected = history
    nested = repo / "vendor" / "x"
    nested.mkdir(parents=True)
    run_git(nested, "init", "-q")
    (nested / ".git" / "HEAD").unlink()
    token = make_access_token()
    (nested / "a.txt").write_text(token)
    found = {leak["fingerprint"] for leak in json.loads(run(str(repo)).output)["leaks"]}
    assert found == expected | {fingerprint("access_token", token)}


def test_a_second_path_that_is_broken_does_not_hide_the_first(
    history: tuple[Path, set[str]], tmp_path: Path
) -> None:
    repo, expected = history
    other = tmp_path / "other"
    other.mkdir()
    run_git(other, "init", "-q")
    (other / ".git" / "HEAD").write_bytes(b"\x00\xff\n")
    document = json.loads(run(str(repo), str(other)).output)
    assert {leak["fingerprint"] for leak in document["leaks"]} == expected
    assert document["coverage"]["missed_total"]
