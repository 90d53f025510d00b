"""Whatever happens to a repository, or to the secrets in use, the cache changes no result."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from helpers.core.settings import Credential
from helpers.exposure.cache import ScanCache
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.scan import scan
from tests.conftest import make_access_token, run_git

IN_USE = [
    Credential(f"MINE_{number}", "identity_secret", SecretStr(secrets.token_hex(16)), ".env")
    for number in range(3)
]
Step = Callable[[Path, random.Random], None]


def _file(repo: Path, draw: random.Random) -> Path:
    return repo / f"{draw.choice('abc')}.txt"


def add(repo: Path, draw: random.Random) -> None:
    with _file(repo, draw).open("a") as file:
        mine = draw.choice(IN_USE).value.get_secret_value()
        file.write(draw.choice([f"{make_access_token()}\n", f"x {mine}\n", "fine\n"]))


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
        in_use = draw.sample(IN_USE, draw.randrange(len(IN_USE) + 1))
        engine = Kingfisher(all_rules=False, credentials=in_use)
        cached = scan(repo, engine, cache=ScanCache(tmp_path / "state", engine.identity))
        fresh = scan(repo, engine)
        assert cached.leaks == fresh.leaks, step
        assert cached.coverage == fresh.coverage, step
