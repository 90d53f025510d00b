"""Repositories of every form, and damage in them."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.core.errors import UsageError
from helpers.core.model import fingerprint
from helpers.exposure import items
from helpers.exposure.cache import ScanCache
from helpers.exposure.items import SecretMatch
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.records import PlaceKind
from helpers.exposure.scan import RepositoryScan, scan
from helpers.exposure.search import ScanScope
from tests.conftest import make_access_token, run_git

ENGINE = Kingfisher(all_rules=False)


def commit(repo: Path, name: str, text: str) -> None:
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_text(text)
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", name)


def fingerprints(scanned: RepositoryScan) -> set[str]:
    return {leak.fingerprint for leak in scanned.leaks}


def token_fingerprint(token: str) -> str:
    return fingerprint("access_token", token)


@pytest.fixture
def token(repo: Path) -> str:
    """Return a token that was committed and removed again."""
    value = make_access_token()
    commit(repo, "a.txt", value)
    commit(repo, "a.txt", "clean")
    return value


def test_a_bare_repository(repo: Path, token: str, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    scanned = scan(tmp_path / "bare.git", ENGINE)
    assert fingerprints(scanned) == {token_fingerprint(token)}
    assert scanned.leaks[0].places[0].path == "a.txt"


def test_a_shallow_clone_says_so(repo: Path, token: str, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    scanned = scan(tmp_path / "shallow", ENGINE)
    assert (fingerprints(scanned), scanned.coverage.shallow) == (set(), True)


def test_a_partial_clone_says_so_and_fetches_nothing(
    repo: Path, token: str, tmp_path: Path
) -> None:
    run_git(repo, "config", "uploadpack.allowFilter", "true")
    run_git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{repo}", "partial")
    before = sorted((tmp_path / "partial/.git/objects").rglob("*"))
    scanned = scan(tmp_path / "partial", ENGINE)
    assert (fingerprints(scanned), scanned.coverage.partial) == (set(), True)
    assert sorted((tmp_path / "partial/.git/objects").rglob("*")) == before


@pytest.mark.parametrize("left_out", ["blob:none", "tree:0"])
def test_objects_missing_from_a_partial_clone_are_counted_with_examples(
    repo: Path, token: str, tmp_path: Path, left_out: str
) -> None:
    run_git(repo, "config", "uploadpack.allowFilter", "true")
    address = f"file://{repo}"
    run_git(tmp_path, "clone", "-q", "-n", f"--filter={left_out}", address, "partial")
    coverage = scan(tmp_path / "partial", Kingfisher()).coverage
    assert coverage.absent == 2
    absent = {
        run_git(repo, "rev-parse", f"{c}{':a.txt' if left_out == 'blob:none' else ':'}").strip()
        for c in ("HEAD", "HEAD~1")
    }
    assert set(coverage.absent_examples) == absent


def test_a_sha256_repository(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "--object-format=sha256", "new")
    value = make_access_token()
    commit(tmp_path / "new", "a.txt", value)
    commit(tmp_path / "new", "a.txt", "clean")
    scanned = scan(tmp_path / "new", ENGINE)
    assert fingerprints(scanned) == {token_fingerprint(value)}
    assert len(scanned.leaks[0].places[0].commit) == 64


def test_a_submodule_and_a_nested_clone_are_searched(
    repo: Path, token: str, tmp_path: Path
) -> None:
    run_git(tmp_path, "init", "-q", "outer")
    outer = tmp_path / "outer"
    run_git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo), "sub")
    commit(outer, "x", "x")
    run_git(outer, "clone", "-q", str(repo), "nested")
    places = scan(outer, ENGINE).leaks[0].places
    assert {place.repository for place in places} == {"sub", "nested"}
    assert token_fingerprint(token) in fingerprints(scan(outer, ENGINE))


def test_a_submodule_that_is_not_checked_out_is_searched_too(
    repo: Path, token: str, tmp_path: Path
) -> None:
    run_git(tmp_path, "init", "-q", "outer")
    outer = tmp_path / "outer"
    run_git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo), "sub")
    commit(outer, "x", "x")
    shutil.rmtree(outer / "sub")
    assert fingerprints(scan(outer, ENGINE)) == {token_fingerprint(token)}


def test_a_linked_worktree_and_its_index(repo: Path, token: str, tmp_path: Path) -> None:
    run_git(repo, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    value = make_access_token()
    (tmp_path / "linked" / "new.txt").write_text(value)
    assert fingerprints(scan(tmp_path / "linked", ENGINE)) == {
        token_fingerprint(token),
        token_fingerprint(value),
    }
    assert fingerprints(scan(repo, ENGINE)) == {token_fingerprint(token), token_fingerprint(value)}


def test_a_folder_without_git_is_searched_and_has_no_history(tmp_path: Path) -> None:
    value = make_access_token()
    (tmp_path / "a.txt").write_text(value)
    scanned = scan(tmp_path, ENGINE)
    assert (fingerprints(scanned), scanned.coverage.git) == ({token_fingerprint(value)}, False)


def test_an_empty_repository(repo: Path) -> None:
    scanned = scan(repo, ENGINE)
    assert (scanned.leaks, scanned.coverage.objects) == ((), 0)


def test_no_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        scan(tmp_path / "none", ENGINE)


def test_a_pointer_to_absent_lfs_content_is_reported(repo: Path) -> None:
    oid = "ab" * 32
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 1\n"
    commit(repo, "big.bin", pointer)
    assert any("LFS" in missed.reason for missed in scan(repo, ENGINE).coverage.missed)
    content = repo / ".git/lfs/objects/ab/ab" / oid
    content.parent.mkdir(parents=True)
    value = make_access_token()
    content.write_text(value)
    scanned = scan(repo, ENGINE)
    assert (fingerprints(scanned), scanned.coverage.missed) == ({token_fingerprint(value)}, ())


def test_a_damaged_object_is_reported_and_the_rest_is_read(repo: Path, token: str) -> None:
    value = make_access_token()
    commit(repo, "b.txt", value)
    oid = run_git(repo, "rev-parse", "HEAD~1:a.txt").strip()
    damaged = repo / ".git/objects" / oid[:2] / oid[2:]
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:6] + bytes(20))
    scanned = scan(repo, ENGINE)
    assert {token_fingerprint(token), token_fingerprint(value)} <= fingerprints(scanned)
    assert [missed.where for missed in scanned.coverage.missed] == [f"blob {oid}"]


def test_a_large_blob_is_searched_in_pieces(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "WHOLE", 64 << 10)
    monkeypatch.setattr(items, "_PIECE", 16 << 10)
    value = make_access_token()
    filling = "".join(f"line {number}\n" for number in range(20_000))
    at = (32 << 10) - 20  # across the border of two pieces
    commit(repo, "large.txt", f"{filling[:at]}\n{value}\n{filling[at:]}")
    scanned = scan(repo, ENGINE)
    assert fingerprints(scanned) == {token_fingerprint(value)}
    assert scanned.leaks[0].places[0].line == filling[:at].count("\n") + 2
    assert {m.reason for m in scanned.coverage.missed} == {
        "too large to be unpacked; its bytes were searched"
    }


def test_a_file_name_that_is_not_utf_8_is_searched(repo: Path, tmp_path: Path) -> None:
    value, password = make_access_token(), secrets.token_urlsafe(12)
    path = repo / os.fsdecode(b"tests-\xff.tf")
    path.write_text(f'token = "{value}"\npassword = "{password}"\n')
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "work")
    engine = Kingfisher()
    scans = [scan(repo, engine, cache=ScanCache(tmp_path, engine.identity)) for _ in range(2)]
    assert scans[0].leaks == scans[1].leaks
    assert {place.path for leak in scans[0].leaks for place in leak.places} == {r"tests-\xff.tf"}
    assert token_fingerprint(value) in fingerprints(scans[0])
    assert len(scans[0].leaks) == 2


def test_an_engine_error_is_reported_and_hides_no_other_secret(repo: Path) -> None:
    class Brittle(Kingfisher):
        def scan(self, data: bytes, path: str) -> tuple[SecretMatch, ...]:
            if data == b"odd":
                raise ValueError("a message that quotes the data")
            return super().scan(data, path)

    value = make_access_token()
    (repo / "a.txt").write_text("odd")
    (repo / "b.txt").write_text(value)
    scanned = scan(repo, Brittle(all_rules=False))
    assert fingerprints(scanned) == {token_fingerprint(value)}
    (missed,) = scanned.coverage.missed
    assert missed.where == "file a.txt"
    assert missed.reason == "it could not be searched (ValueError)"


def test_links_are_not_followed(repo: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text(make_access_token())
    (repo / "link").symlink_to(outside)
    (repo / "loop").symlink_to(repo)
    os.mkfifo(repo / "pipe")
    assert scan(repo, ENGINE).leaks == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who is refused")
def test_an_unreadable_file_is_reported(repo: Path) -> None:
    commit(repo, "a.txt", "fine")
    (repo / "locked.txt").write_text("x")
    (repo / "locked.txt").chmod(0)
    (repo / "shut").mkdir(mode=0)
    program = (
        "import os, sys; from pathlib import Path; from helpers.exposure.scan import scan;"
        "from helpers.exposure.kingfisher import Kingfisher;"
        "engine = Kingfisher(all_rules=False); engine.warm_up(); engine.identity; os.setuid(65534);"
        "[print(m.where, '|', m.reason) for m in scan(Path('.'), engine).coverage.missed]"
    )
    for folder in (repo, *repo.parents[:3]):
        folder.chmod(0o755)
    environ = {**os.environ, "PYTHONPATH": str(Path.cwd()), "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=repo,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "file locked.txt | can't be read: Permission denied",
        "file shut | can't be read: Permission denied",
    ], done.stderr


def test_a_hostile_configuration_runs_nothing(repo: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    (repo / ".gitattributes").write_text("* filter=evil diff=evil\n")
    commit(repo, "a.txt", make_access_token())
    for key in (
        "core.fsmonitor",
        "core.pager",
        "gpg.program",
        "diff.external",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "core.sshCommand",
    ):
        run_git(repo, "config", key, str(trap))
    run_git(repo, "config", "log.showSignature", "true")
    (repo / "a.txt").write_text("changed")
    scanned = scan(repo, ENGINE)
    assert scanned.leaks
    assert not (tmp_path / "sprung").exists()


def test_a_scan_opens_no_socket(repo: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a scan opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    assert fingerprints(scan(repo, Kingfisher())) == {token_fingerprint(token)}


def test_the_engine_makes_no_network_call(repo: Path, token: str, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is missing: apt install strace")
    program = (
        "import sys; from pathlib import Path; from helpers.exposure.scan import scan;"
        "from helpers.exposure.kingfisher import Kingfisher;"
        "print(len(scan(Path(sys.argv[1]), Kingfisher()).leaks))"
    )
    log = tmp_path / "calls"
    arguments = [strace, "-f", "-e", "trace=socket,connect", "-o", str(log)]
    done = subprocess.run(
        [*arguments, sys.executable, "-c", program, str(repo)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1\n"
    assert "AF_INET" not in log.read_text()


def test_since_leaves_out_what_the_revision_reaches(repo: Path, token: str) -> None:
    value = make_access_token()
    commit(repo, "b.txt", value)
    assert fingerprints(scan(repo, ENGINE, scope=ScanScope(since="HEAD~1"))) == {
        token_fingerprint(value)
    }


def test_an_unknown_revision_is_a_clear_error(repo: Path, token: str) -> None:
    with pytest.raises(UsageError, match="no revision"):
        scan(repo, ENGINE, scope=ScanScope(since="--all"))


@pytest.mark.parametrize("unborn", [True, False])
def test_staged_searches_the_index_only(repo: Path, *, unborn: bool) -> None:
    if not unborn:
        commit(repo, "old.txt", make_access_token())
    value = make_access_token()
    (repo / "new.txt").write_text(value)
    run_git(repo, "add", "new.txt")
    (repo / "new.txt").write_text("clean")
    (repo / "untracked.txt").write_text(make_access_token())
    scanned = scan(repo, ENGINE, scope=ScanScope(staged=True))
    assert fingerprints(scanned) == {token_fingerprint(value)}
    assert scanned.leaks[0].places[0].kind is PlaceKind.INDEX


def test_ctrl_c_keeps_what_was_searched(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = make_access_token()
    commit(repo, "a.txt", value)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.exposure.search._folders", interrupt)
    scanned = scan(repo, ENGINE)
    assert (fingerprints(scanned), scanned.coverage.interrupted) == (
        {token_fingerprint(value)},
        True,
    )
