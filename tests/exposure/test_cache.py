"""The cache saves time and hides nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.exposure.cache import Cache
from helpers.exposure.engine import Sighting
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.scan import Scanned, scan
from tests.conftest import make_access_token, run_git


class Counting(Kingfisher):
    """The engine, counting what it is given."""

    def __init__(self, *, rules: str = "1") -> None:
        super().__init__(all_rules=False)
        self.paths: list[str] = []
        self.rules = rules

    @property
    def identity(self) -> str:
        return f"{super().identity} {self.rules}"

    def scan(self, data: bytes, path: str) -> tuple[Sighting, ...]:
        self.paths.append(path)
        return super().scan(data, path)


def commit(repo: Path, name: str, text: str) -> None:
    (repo / name).write_text(text)
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", name)


def search(repo: Path, state: Path, engine: Counting) -> Scanned:
    return scan(repo, engine, memory=Cache(state, engine.identity))


def test_a_second_scan_reads_nothing_and_tells_the_same(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.txt", make_access_token())
    first = search(repo, tmp_path, Counting())
    engine = Counting()
    second = search(repo, tmp_path, engine)
    assert engine.paths == []
    assert second.leaks == first.leaks != ()
    assert second.coverage == first.coverage


def test_only_what_is_new_is_read(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.txt", make_access_token())
    search(repo, tmp_path, Counting())
    commit(repo, "b.txt", make_access_token())
    engine = Counting()
    scanned = search(repo, tmp_path, engine)
    assert "a.txt" not in engine.paths
    assert "b.txt" in engine.paths
    assert len(scanned.leaks) == 2


def test_other_rules_look_again(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.txt", make_access_token())
    search(repo, tmp_path, Counting())
    engine = Counting(rules="2")
    assert search(repo, tmp_path, engine).leaks
    assert "a.txt" in engine.paths


def test_a_finding_goes_when_its_object_goes(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.txt", "fine")
    (repo / "b.txt").write_text(make_access_token())
    run_git(repo, "hash-object", "-w", "b.txt")
    (repo / "b.txt").unlink()
    assert len(search(repo, tmp_path, Counting()).leaks) == 1
    run_git(repo, "prune", "--expire=now")
    assert search(repo, tmp_path, Counting()).leaks == ()


def test_what_could_not_be_looked_at_is_tried_again(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.7z", "7z")
    (repo / "b.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(9))
    assert search(repo, tmp_path, Counting()).coverage.missed_total == 1
    assert search(repo, tmp_path, Counting()).coverage.missed_total == 1


def test_the_cache_holds_no_secret(repo: Path, tmp_path: Path) -> None:
    token = make_access_token()
    commit(repo, "a.txt", token)
    search(repo, tmp_path, Counting())
    written = b"".join(path.read_bytes() for path in tmp_path.glob("cache.db*"))
    assert written
    assert token[:16].encode() not in written
    assert (tmp_path / "cache.db").stat().st_mode & 0o077 == 0


def test_a_damaged_cache_is_made_anew(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.txt", make_access_token())
    (tmp_path / "cache.db").write_bytes(b"rubbish" * 1000)
    assert len(search(repo, tmp_path, Counting()).leaks) == 1


def _scan_in_process(repo: Path, state: Path) -> None:
    sys.exit(0 if len(search(repo, state, Counting()).leaks) == 30 else 1)


def test_concurrent_scans_share_one_cache(repo: Path, tmp_path: Path) -> None:
    for number in range(30):
        (repo / f"{number}.txt").write_text(make_access_token())
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "many")
    context = multiprocessing.get_context("spawn")
    scans = [context.Process(target=_scan_in_process, args=(repo, tmp_path)) for _ in range(3)]
    for one in scans:
        one.start()
    for one in scans:
        one.join()
    assert [one.exitcode for one in scans] == [0, 0, 0]


_SLOW = """
import sys, time
from pathlib import Path
from helpers.exposure import cache
from tests.exposure.test_cache import Counting, search

class Slow(Counting):
    def scan(self, data, path):
        found = super().scan(data, path)
        if len(self.paths) >= 20:
            print("under way", flush=True)
            time.sleep(60)
        return found

cache._FLUSH_SECONDS = 0
from helpers.exposure import look
look._BATCH_ITEMS = 1
search(Path(sys.argv[1]), Path(sys.argv[2]), Slow())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_scan_leaves_a_cache_to_go_on_with(
    repo: Path, tmp_path: Path, how: signal.Signals
) -> None:
    for number in range(30):
        commit(repo, f"{number}.txt", make_access_token())
    arguments = [sys.executable, "-c", _SLOW, str(repo), str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=Path.cwd()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"under way\n"
        os.kill(process.pid, how)
    engine = Counting()
    assert len(search(repo, tmp_path, engine).leaks) == 30
    everything = Counting()
    scan(repo, everything)
    assert len(engine.paths) <= len(everything.paths) - 10
