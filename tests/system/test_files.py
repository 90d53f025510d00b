"""Private files: whole or not there, for their owner only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from helpers.core.errors import UsageError
from helpers.system.files import replace_private, write_beside, write_private


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_whole_and_private(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "folder" / "file"
    write_private(path, "old and longer", durable=durable)
    write_private(path, b"new", durable=durable)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert names(path.parent) == ["file"]


def test_the_mode_holds_from_the_first_byte(tmp_path: Path) -> None:
    replace_private(tmp_path / "key", b"secret", mode=0o400)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o400


def test_what_can_not_be_renamed_leaves_no_file_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match="taken can't be written: Is a directory"):
        write_private(tmp_path / "taken", "text")
    assert names(tmp_path) == ["taken"]


def test_a_preparation_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def refuse(descriptor: int) -> None:
        raise PermissionError(descriptor)

    with pytest.raises(PermissionError):
        write_beside(tmp_path / "file", b"text", prepare=refuse)
    assert names(tmp_path) == []


def test_a_name_that_is_taken_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        write_beside(tmp_path / "file", b"ours")
    assert (tmp_path / "file").read_bytes() == b"theirs"


def test_a_file_that_is_renamed_is_on_the_disk_before_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        mode = os.fstat(descriptor).st_mode
        done.append("folder" if stat.S_ISDIR(mode) else "bytes")
        fsync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        done.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    write_private(tmp_path / "file", "text")
    assert done == ["bytes", "name", "folder"]
