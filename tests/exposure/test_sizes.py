"""Large content: bounded in memory, searched to the stated limit, and the rest is reported."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from helpers.core.model import fingerprint
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.scan import scan
from helpers.exposure.scan_items import ScanProgress
from tests.conftest import make_access_token, run_git

ENGINE = Kingfisher(all_rules=False)
_PROGRAM = r"""
import re, sys  # not ru_maxrss, which starts with what the parent held
from pathlib import Path
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.scan import scan
scanned = scan(Path(sys.argv[1]), Kingfisher(all_rules=False))
print([(leak.fingerprint, leak.places[0].line) for leak in scanned.leaks])
print([missed.reason for missed in scanned.coverage.missed])
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""


def _store(repo: Path, end: bytes) -> None:
    """Write a loose blob of a gigabyte of zeros before `end`; git takes three times as long."""
    parts = [b"\n", *[bytes(1 << 20)] * 1024, end]
    size = sum(map(len, parts))
    digest, packer = hashlib.sha1(usedforsecurity=False), zlib.compressobj(1)
    packed = []
    for part in (b"blob %d\0" % size, *parts):
        digest.update(part)
        packed.append(packer.compress(part))
    oid = digest.hexdigest()
    path = repo / ".git" / "objects" / oid[:2] / oid[2:]
    path.parent.mkdir()
    path.write_bytes(b"".join(packed) + packer.flush())


def test_a_blob_of_a_gigabyte_is_searched_to_its_end_in_little_memory(repo: Path) -> None:
    token = make_access_token()
    _store(repo, f"\n{token}\n".encode())
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(repo)], capture_output=True, text=True, check=True
    )
    leaks, missed, kibibytes = done.stdout.splitlines()
    assert leaks == str([(fingerprint("access_token", token), 3)])
    assert missed == "['too large to be unpacked; its bytes were searched']"
    assert int(kibibytes) < 512 << 10


def test_an_archive_of_a_hundred_thousand_files_is_read_to_its_limit(repo: Path) -> None:
    near, far = make_access_token(), make_access_token()
    with zipfile.ZipFile(repo / "many.zip", "w") as archive:
        for number in range(100_000):
            content = {7: near, 99_999: far}.get(number, "")
            archive.writestr(zipfile.ZipInfo(f"{number}.txt"), content)
    scanned = scan(repo, ENGINE)
    assert {leak.fingerprint for leak in scanned.leaks} == {fingerprint("access_token", near)}
    assert [missed.where for missed in scanned.coverage.missed] == ["file many.zip!20000.txt"]
    assert scanned.coverage.missed[0].reason.startswith("the archive is too large")


def test_an_archive_of_sixty_thousand_files_takes_little_memory(repo: Path) -> None:
    token = make_access_token()
    with zipfile.ZipFile(repo / "many.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(60_000):
            content = token if number == 7 else f"file {number}\n" * 20
            archive.writestr(f"folder/{number}/a-name-of-usual-length.txt", content)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(repo)], capture_output=True, text=True, check=True
    )
    leaks, missed, kibibytes = done.stdout.splitlines()
    assert leaks == str([(fingerprint("access_token", token), 1)])
    assert missed == "['the archive is too large: this and what follows is not read']"
    assert int(kibibytes) < 200 << 10


def test_progress_grows_to_the_whole_and_counts_what_is_found(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpers.exposure.scan_items._STEP_SECONDS", 0)
    monkeypatch.setattr("helpers.exposure.scan_items._BATCH_ITEMS", 1)
    for number in range(20):
        (repo / f"{number}.txt").write_text(make_access_token())
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "work")
    reports: list[ScanProgress] = []
    scan(repo, ENGINE, observe=reports.append)
    assert [one.done for one in reports] == sorted(one.done for one in reports)
    assert all(one.done <= one.total for one in reports)
    assert reports[-1].done == reports[-1].total >= 20 * 60
    assert reports[-1].found == 20


def test_the_progress_line_shows_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers.cli.scan import _line

    monkeypatch.setattr("time.monotonic", lambda: 14.0)
    line = _line(ScanProgress(done=40 << 20, total=100 << 20, found=2), started=10.0)
    assert line == "40 of 100 MB, 10 MB/s, 6 s left, 2 secrets"
