"""The cache saves time and hides nothing."""

from __future__ import annotations

import base64
import multiprocessing
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
import time_machine
from pydantic import SecretStr

from helpers.core.settings import Credential
from helpers.exposure.cache import ScanCache
from helpers.exposure.history import CommitLog
from helpers.exposure.items import SecretMatch
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.repository import Repository
from helpers.exposure.scan import RepositoryScan, scan
from tests.conftest import make_access_token, run_git


class Counting(Kingfisher):
    """An engine that records what it is given."""

    def __init__(self, *, rules: str = "", in_use: Iterable[str] = ()) -> None:
        credentials = [
            Credential("MINE", "identity_secret", SecretStr(one), ".env") for one in in_use
        ]
        super().__init__(all_rules=False, credentials=credentials)
        self.contents: list[bytes] = []
        self.rules = rules

    @property
    def identity(self) -> str:
        return f"{self.rules}{super().identity}"

    def scan(self, data: bytes, path: str) -> tuple[SecretMatch, ...]:
        self.contents.append(data)
        return super().scan(data, path)


def commit(repo: Path, name: str, text: str) -> None:
    (repo / name).parent.mkdir(exist_ok=True)
    (repo / name).write_text(text)
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", name)


def search(repo: Path, state: Path, engine: Counting) -> RepositoryScan:
    return scan(repo, engine, cache=ScanCache(state, engine.identity))


def test_a_second_scan_reads_nothing_and_reports_the_same(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.txt", make_access_token())
    first = search(repo, tmp_path, Counting())
    engine = Counting()
    second = search(repo, tmp_path, engine)
    assert engine.contents == []
    assert second.leaks == first.leaks != ()
    assert second.coverage == first.coverage


def test_only_what_is_new_is_read(repo: Path, tmp_path: Path) -> None:
    old, new = make_access_token(), make_access_token()
    commit(repo, "a.txt", old)
    search(repo, tmp_path, Counting())
    commit(repo, "b.txt", new)
    engine = Counting()
    scanned = search(repo, tmp_path, engine)
    assert old.encode() not in engine.contents
    assert engine.contents.count(new.encode()) == 1
    assert len(scanned.leaks) == 2


def test_other_rules_scan_again(repo: Path, tmp_path: Path) -> None:
    token = make_access_token()
    commit(repo, "a.txt", token)
    search(repo, tmp_path, Counting())
    engine = Counting(rules="2")
    assert search(repo, tmp_path, engine).leaks
    assert token.encode() in engine.contents


def test_a_new_secret_in_use_is_searched_for_by_itself(repo: Path, tmp_path: Path) -> None:
    secret = secrets.token_hex(16)
    for name, text in (("a.txt", make_access_token()), ("b.txt", f"x {secret}"), ("c.txt", "fine")):
        commit(repo, name, text)
    with zipfile.ZipFile(repo / "d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", base64.b64encode(f"x {secret}".encode()))
    search(repo, tmp_path, Counting())
    engine = Counting(in_use=[secret])
    found = search(repo, tmp_path, engine)
    assert sorted(map(len, engine.contents)) == [len(f"x {secret}"), 48]  # the two that hold it
    assert found.leaks == scan(repo, Counting(in_use=[secret])).leaks
    assert len(found.leaks) == 2


def test_a_secret_no_longer_in_use_is_searched_for_no_more(repo: Path, tmp_path: Path) -> None:
    secret = secrets.token_hex(16)
    for name, text in (("a.txt", make_access_token()), ("b.txt", f"x {secret}")):
        commit(repo, name, text)
    search(repo, tmp_path, Counting(in_use=[secret]))
    engine = Counting()
    found = search(repo, tmp_path, engine)
    assert engine.contents == [f"x {secret}".encode()]
    assert found.leaks == scan(repo, Counting()).leaks


def test_a_finding_disappears_with_its_object(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.txt", "fine")
    (repo / "b.txt").write_text(make_access_token())
    run_git(repo, "hash-object", "-w", "b.txt")
    (repo / "b.txt").unlink()
    assert len(search(repo, tmp_path, Counting()).leaks) == 1
    run_git(repo, "prune", "--expire=now")
    assert search(repo, tmp_path, Counting()).leaks == ()


def test_a_skipped_item_is_reported_again(repo: Path, tmp_path: Path) -> None:
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


def test_a_damaged_cache_is_created_again(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.txt", make_access_token())
    (tmp_path / "cache.db").write_bytes(b"rubbish" * 1000)
    assert len(search(repo, tmp_path, Counting()).leaks) == 1


def _scan_in_process(repo: Path, state: Path) -> None:
    sys.exit(0 if len(search(repo, state, Counting()).leaks) == 30 else 1)


def test_a_cache_that_is_a_link_is_neither_read_nor_written(repo: Path, tmp_path: Path) -> None:
    """Whoever plants it would choose what counts as searched, or which file is written."""
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    state = tmp_path / "linked"
    state.mkdir(mode=0o700)
    (state / "cache.db").symlink_to(target)
    with pytest.raises(OSError, match="symbolic link"):
        ScanCache(state, "rules")
    assert target.read_bytes() == b"precious"
    (repo / "a.txt").write_text(make_access_token())
    environ = {**os.environ, "RUNBOOK_STATE_HOME": str(tmp_path / "home")}
    profile = tmp_path / "home" / "development"
    profile.mkdir(parents=True, mode=0o700)
    (profile / "cache.db").symlink_to(target)
    command = [sys.executable, "-P", "-m", "helpers.cli", "scan", str(repo)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert "1 secret is exposed" in done.stdout, done.stderr
    assert target.read_bytes() == b"precious"


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


_SLOW = r"""
import os, sys, time
from pathlib import Path
from helpers.exposure import cache
from tests.exposure.test_cache import Counting, search

class Slow(Counting):
    def scan(self, data, path):
        found = super().scan(data, path)
        if len(self.contents) >= 20:
            os.write(1, b"started\n")
            time.sleep(60)
        return found

cache._FLUSH_SECONDS = 0
from helpers.exposure import scan_items
scan_items._BATCH_ITEMS = 1
search(Path(sys.argv[1]), Path(sys.argv[2]), Slow())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_scan_leaves_a_usable_cache(
    repo: Path, tmp_path: Path, how: signal.Signals
) -> None:
    for number in range(30):
        commit(repo, f"{number}.txt", make_access_token())
    arguments = [sys.executable, "-c", _SLOW, str(repo), str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=Path.cwd()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        os.kill(process.pid, how)
    engine = Counting()
    assert len(search(repo, tmp_path, engine).leaks) == 30
    everything = Counting()
    scan(repo, everything)
    assert len(engine.contents) <= len(everything.contents) - 10


def test_a_copy_of_a_known_object_is_not_scanned_twice(repo: Path, tmp_path: Path) -> None:
    token = make_access_token()
    commit(repo, "a.txt", token)
    (repo / "copy.txt").write_text(token)
    engine = Counting()
    scanned = search(repo, tmp_path, engine)
    assert engine.contents.count(token.encode()) == 1
    assert {place.path for place in scanned.leaks[0].places} == {"a.txt", "copy.txt"}


def test_a_touched_file_is_reported_again_without_a_second_scan(repo: Path, tmp_path: Path) -> None:
    (repo / "a.txt").write_text(make_access_token())
    search(repo, tmp_path, Counting())
    os.utime(repo / "a.txt", (1, 1))
    engine = Counting()
    assert len(search(repo, tmp_path, engine).leaks) == 1
    assert engine.contents == []


def test_a_large_object_is_cached_as_one(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpers.exposure.items.WHOLE", 64 << 10)
    monkeypatch.setattr("helpers.exposure.items._PIECE", 16 << 10)
    commit(repo, "large.txt", f"{'x' * 70_000}\n{make_access_token()}\n{'x' * 70_000}")
    first = search(repo, tmp_path, Counting())
    engine = Counting()
    second = search(repo, tmp_path, engine)
    assert engine.contents == []
    assert second.leaks == first.leaks != ()
    assert second.coverage == first.coverage
    assert second.coverage.missed_total


def terraform() -> str:
    """Return a password that only a rule for Terraform files finds."""
    return f'password = "{secrets.token_urlsafe(12)}"\n'


def test_a_known_object_at_a_path_of_another_class_is_scanned_again(
    repo: Path, tmp_path: Path
) -> None:
    def run() -> RepositoryScan:
        engine = Kingfisher()
        return scan(repo, engine, cache=ScanCache(tmp_path, engine.identity))

    commit(repo, "a.txt", terraform())
    assert run().leaks == ()
    run_git(repo, "mv", "a.txt", "b.tf")
    run_git(repo, "commit", "-q", "-m", "move")
    run_git(repo, "rm", "-q", "b.tf")
    run_git(repo, "commit", "-q", "-m", "remove")
    (leak,) = run().leaks
    assert {place.path for place in leak.places} == {"a.txt", "b.tf"}
    assert run().leaks == (leak,)


def test_an_object_at_two_paths_is_scanned_for_both(repo: Path) -> None:
    text = terraform()
    (repo / "b.tf").write_text(text)
    commit(repo, "a.txt", text)
    run_git(repo, "rm", "-q", "a.txt", "b.tf")
    run_git(repo, "commit", "-q", "-m", "remove")
    assert len(scan(repo, Kingfisher()).leaks) == 1


def test_places_are_kept_and_follow_new_commits(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo, "a.txt", make_access_token())
    commit(repo, "b.txt", "x")
    (kept,) = search(repo, tmp_path, Counting()).leaks
    run_git(repo, "rm", "-q", "a.txt")
    run_git(repo, "commit", "-q", "-m", "remove")
    asked: list[int] = []
    log = CommitLog.of

    def count(repository: Repository, commits: Iterable[str]) -> CommitLog:
        asked.append(len(list(commits)))
        return log(repository, commits)

    monkeypatch.setattr(CommitLog, "of", count)
    (leak,) = search(repo, tmp_path, Counting()).leaks
    assert asked == [1]
    assert kept.places[0].gone is None
    assert leak.places[0].commit == kept.places[0].commit
    assert leak.places[0].gone_commit == run_git(repo, "rev-parse", "HEAD").strip()
    assert leak == scan(repo, Counting()).leaks[0]


def test_a_new_stray_object_is_placed_where_head_points_nowhere(repo: Path, tmp_path: Path) -> None:
    commit(repo, "a.txt", make_access_token())
    run_git(repo, "symbolic-ref", "HEAD", "refs/heads/unborn")
    search(repo, tmp_path, Counting())
    (repo / "b.txt").write_text(make_access_token())
    run_git(repo, "hash-object", "-w", "b.txt")
    (repo / "b.txt").unlink()
    assert len(search(repo, tmp_path, Counting()).leaks) == 2


def test_results_of_long_unused_rules_are_deleted(tmp_path: Path) -> None:
    with time_machine.travel("2026-01-01"):
        ScanCache(tmp_path, "old").close()
    ScanCache(tmp_path, "new").close()
    rows = sqlite3.connect(tmp_path / "cache.db").execute("SELECT identity FROM rules")
    assert [identity for (identity,) in rows] == ["new"]
