"""Private files: whole or not there, for their owner only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from helpers.core.errors import StateError, UsageError
from helpers.system.files import replace_private, state_folder, write_beside, write_private


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


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_every_folder_that_is_made_is_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        state_folder(tmp_path / "one" / "two" / "three")
    finally:
        os.umask(before)
    for name in ("one", "one/two", "one/two/three"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("mode", "command"), [(0o777, "chmod o-w"), (0o757, "chmod o-w"), (0o775, "chmod g-w")]
)
@pytest.mark.parametrize("which", ["the folder", "above it"])
def test_state_that_another_user_could_swap_is_refused_with_the_command_that_fixes_it(
    tmp_path: Path, mode: int, command: str, which: str
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    os.chown(shared, -1, 12345) if os.geteuid() == 0 else None
    shared.chmod(mode)
    with pytest.raises(StateError) as caught:
        state_folder(shared if which == "the folder" else shared / "state")
    assert f"`{command} {shared}`" in caught.value.advice


def test_a_sticky_folder_is_no_danger(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert state_folder(shared / "state").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o755)
    os.chown(other, 12345, 12345)
    with pytest.raises(StateError, match="belongs to another user"):
        state_folder(other / "state")


def test_a_link_to_a_shared_folder_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (tmp_path / "link").symlink_to(shared)
    with pytest.raises(StateError, match="every user can write"):
        state_folder(tmp_path / "link" / "state")
