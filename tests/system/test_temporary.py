"""Temporary folders: a killed process's are removed, a live one's are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.system.temporary import LOCK, owned_folder, remove_abandoned

OWNER = """
import sys, time
from helpers.system.temporary import OwnedFolder
print(OwnedFolder("left-", sys.argv[1]).path, flush=True)
time.sleep(60)
"""


def owner(base: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(base)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_a_killed_process_leaves_a_folder_that_the_next_run_removes(tmp_path: Path) -> None:
    process, folder = owner(tmp_path)
    with process:
        (folder / "file").write_text("content")
        assert remove_abandoned(tmp_path, "left-*") == []
        process.kill()
    assert remove_abandoned(tmp_path, "left-*") == [folder]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_this_process_stays_until_it_is_left(tmp_path: Path) -> None:
    with owned_folder("left-", str(tmp_path)) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert remove_abandoned(tmp_path, "left-*") == []
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_lock_and_a_link_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "left-unknown").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (tmp_path / "left-link").symlink_to(elsewhere)
    assert remove_abandoned(tmp_path, "left-*") == []
    assert elsewhere.is_dir()


def test_a_pipe_in_the_place_of_the_lock_does_not_hang(tmp_path: Path) -> None:
    """Any user of a shared temporary folder may plant one there."""
    (tmp_path / "left-planted").mkdir()
    os.mkfifo(tmp_path / "left-planted" / LOCK)
    assert remove_abandoned(tmp_path, "left-*") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "left-theirs"
    folder.mkdir()
    (folder / LOCK).touch()
    os.chown(folder, 65534, 65534)
    assert remove_abandoned(tmp_path, "left-*") == []
    assert (folder / LOCK).is_file()


def test_a_link_in_an_abandoned_folder_is_removed_and_not_followed(tmp_path: Path) -> None:
    valuable = tmp_path / "valuable"
    valuable.mkdir()
    (valuable / "file").write_text("content")
    folder = tmp_path / "left-dead"
    folder.mkdir()
    (folder / LOCK).touch()
    (folder / "link").symlink_to(valuable)
    assert remove_abandoned(tmp_path, "left-*") == [folder]
    assert (valuable / "file").read_text() == "content"
