"""The profile lock: one holder, who is named; freed when the holder's process ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from helpers.core.errors import LockedError, StateError
from helpers.system.lock import lock_profile

HOLDER = """
import sys
from pathlib import Path
from helpers.system.lock import lock_profile
with lock_profile(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def release(process: subprocess.Popen[str]) -> None:
    process.communicate()


def test_a_second_run_is_told_which_process_holds_the_profile(tmp_path: Path) -> None:
    process = hold(tmp_path / "staging")
    with pytest.raises(LockedError) as caught, lock_profile(tmp_path / "staging"):
        pass
    assert f"profile staging is under way: process {process.pid} holds it since 2" in str(
        caught.value
    )
    release(process)


def test_a_killed_holder_leaves_no_lock_behind(tmp_path: Path) -> None:
    process = hold(tmp_path)
    process.kill()
    process.communicate()
    with lock_profile(tmp_path):
        assert f'"pid": {os.getpid()}' in (tmp_path / "lock").read_text()


def test_a_run_that_may_wait_starts_when_the_other_ends(tmp_path: Path) -> None:
    process = hold(tmp_path)
    waker = threading.Timer(0.3, release, [process])
    waker.start()
    with lock_profile(tmp_path, wait=30):
        assert process.wait() == 0
    waker.join()


def test_two_profiles_do_not_hinder_each_other(tmp_path: Path) -> None:
    with lock_profile(tmp_path / "staging"), lock_profile(tmp_path / "production"):
        pass


def test_a_lock_file_that_says_nothing_is_still_a_lock(tmp_path: Path) -> None:
    process = hold(tmp_path)
    (tmp_path / "lock").write_text("")
    with pytest.raises(LockedError, match="just started"), lock_profile(tmp_path):
        pass
    release(process)


def test_a_place_that_can_not_be_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="can't be opened"), lock_profile(tmp_path / "file"):
        pass
