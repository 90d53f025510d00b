"""Whatever happens to a repository between two scans, the cache changes no result."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.exposure.cache import ScanCache
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.scan import scan
from tests.conftest import make_access_token, run_git

ENGINE = Kingfisher(all_rules=False)
Step = Callable[[Path, random.Random], None]


def _file(repo: Path, draw: random.Random) -> Path:
    return repo / f"{draw.choice('abc')}.txt"


def add(repo: Path, draw: random.Random) -> None:
    with _file(repo, draw).open("a") as file:
        file.write(f"{make_access_token()}\n" if draw.random() < 0.6 else "fine\n")


def copy(repo: Path, draw: random.Random) -> None:
    source = _file(repo, draw)
    if source.exists():
        _file(repo, draw).write_bytes(source.read_bytes())


def remove(repo: Path, draw: random.Random) -> None:
    _file(repo, draw).unlink(missing_ok=True)


def commit(repo: Path, draw: random.Random) -> None:
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "--allow-empty", "-m", "work")


def stage(repo: Path, draw: random.Random) -> None:
    run_git(repo, "add", "-A")


def amend(repo: Path, draw: random.Random) -> None:
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "--amend", "--allow-empty", "-m", "again")


def branch(repo: Path, draw: random.Random) -> None:
    run_git(repo, "checkout", "-q", "-f", "-B", draw.choice(["main", "side"]))


def back(repo: Path, draw: random.Random) -> None:
    run_git(repo, "reset", "-q", "--hard", "HEAD@{1}")


def stash(repo: Path, draw: random.Random) -> None:
    run_git(repo, "stash", "-q", "--include-untracked")


def prune(repo: Path, draw: random.Random) -> None:
    run_git(repo, "reflog", "expire", "--expire=now", "--all")
    run_git(repo, "gc", "-q", "--prune=now")


STEPS: list[Step] = [add, add, add, copy, remove, commit, commit, stage, amend, branch, back, stash]


@pytest.mark.parametrize("seed", range(4))
def test_a_scan_with_a_cache_gives_the_same_result_as_one_without(
    repo: Path, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    commit(repo, draw)
    for step in [*draw.choices(STEPS, k=14), prune, *draw.choices(STEPS, k=4)]:
        if step is back and run_git(repo, "reflog").count("\n") < 2:
            continue
        step(repo, draw)
        cached = scan(repo, ENGINE, cache=ScanCache(tmp_path / "state", ENGINE.identity))
        fresh = scan(repo, ENGINE)
        assert cached.leaks == fresh.leaks, step
        assert cached.coverage == fresh.coverage, step
