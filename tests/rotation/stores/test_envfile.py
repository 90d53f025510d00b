"""What the file system can do to an env file: survived, or refused with the file as it was."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from helpers.rotation.stores import durable
from helpers.rotation.stores.base import ConflictError, Stage, StoreError
from helpers.rotation.stores.envfile import EnvFileStore, splice, value_of
from tests.conftest import missing, run_git
from tests.rotation.stores.conftest import KIND, VARIABLE, fresh, mark, rotate

ROOT = os.geteuid() == 0
NOBODY = 65534


def refused(path: Path) -> str:
    """The message of a refusal, which leaves everything as it was."""
    before = path.read_bytes()
    files = sorted(found.name for found in path.parent.iterdir())
    with pytest.raises(StoreError) as caught:
        rotate(path)
    assert path.read_bytes() == before
    assert sorted(found.name for found in path.parent.iterdir()) == files
    return caught.value.message


def test_mode_owner_and_attributes_stay(path: Path) -> None:
    path.chmod(0o640)
    os.setxattr(path, "user.note", b"kept")
    if ROOT:
        os.chown(path, NOBODY, NOBODY)
    before = path.stat()
    rotate(path)
    after = path.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (
        before.st_uid,
        before.st_gid,
        before.st_mode,
    )
    assert os.getxattr(path, "user.note") == b"kept"


def test_a_system_or_file_system_without_attributes_will_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> list[str]:
        raise OSError(errno.ENOTSUP, "not here")

    monkeypatch.setattr(os, "listxattr", unknown)
    rotate(path)
    monkeypatch.delattr(os, "listxattr")
    rotate(path)


def test_a_symbolic_link_stays_a_link_and_its_target_changes(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    link = folder / ".env"
    link.symlink_to(path)
    new = rotate(link)
    assert link.is_symlink()
    assert value_of(path.read_bytes(), VARIABLE) == new


def test_a_link_that_is_swapped_in_meanwhile_is_refused(path: Path, tmp_path: Path) -> None:
    store = EnvFileStore(path, VARIABLE, KIND)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="symbolic link"):
        store.read(Stage.CURRENT)
    with pytest.raises(StoreError):
        store.doctor()


def test_a_hard_link_is_refused(path: Path, tmp_path: Path) -> None:
    os.link(path, tmp_path / "twin")
    assert "2 hard links" in refused(path)


def test_a_duplicate_is_refused(path: Path) -> None:
    path.write_text(f"{VARIABLE}={fresh()}\n{VARIABLE}={fresh()}\n")
    assert "more than once" in refused(path)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    pipe = tmp_path / ".env"
    os.mkfifo(pipe)
    with pytest.raises(StoreError, match="no regular file"):
        EnvFileStore(pipe, VARIABLE, KIND).doctor()


def test_git_must_not_see_what_waits(path: Path) -> None:
    run_git(path.parent, "init", "-q")
    assert "git would track" in refused(path)
    (path.parent / ".gitignore").write_text(".env\n.env.*.local\n")
    rotate(path)


def test_a_change_behind_the_back_is_refused_before_the_rename(path: Path) -> None:
    def change(content: bytes) -> bytes:
        path.write_bytes(content + b"C=3\n")
        return splice(content, VARIABLE, fresh())

    with pytest.raises(ConflictError, match="changed by another program"):
        durable.replace(path, change)
    assert path.read_bytes().endswith(b"C=3\n")
    assert [found.name for found in path.parent.iterdir()] == [".env"]


def test_what_waits_is_private_and_an_env_file_too(path: Path) -> None:
    store, new = EnvFileStore(path, VARIABLE, KIND), fresh()
    store.stage(SecretStr(new), "run")
    waiting = path.with_name(f".env.{VARIABLE}.pending.local")
    assert stat.S_IMODE(waiting.stat().st_mode) == 0o600
    assert value_of(waiting.read_bytes(), VARIABLE) == new


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 64 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder))
    if not ROOT or subprocess.run(command, capture_output=True, check=False).returncode:
        missing("mount", "needs the right to mount")
    yield folder
    subprocess.run(("umount", str(folder)), check=True)


def fill(folder: Path) -> None:
    """Leave no byte free."""
    with suppress(OSError), (folder / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(b"x" * 1024)


def test_a_full_disk_changes_nothing(mounted: Path, path: Path) -> None:
    full = mounted / ".env"
    full.write_bytes(path.read_bytes())
    fill(mounted)
    assert "is full" in refused(full)
    (mounted / "ballast").unlink()
    rotate(full)


def test_a_disk_that_fills_up_between_staging_and_swap_loses_nothing(
    mounted: Path, path: Path
) -> None:
    full = mounted / ".env"
    full.write_bytes(path.read_bytes())
    store, new = EnvFileStore(full, VARIABLE, KIND), fresh()
    old = store.read(Stage.CURRENT)
    assert old is not None
    store.stage(SecretStr(new), "run")
    fill(mounted)
    with pytest.raises(StoreError, match="is full"):
        store.promote(mark(old.get_secret_value()), mark(new))
    assert store.read(Stage.CURRENT) == old
    assert store.read(Stage.PENDING) == SecretStr(new)
    (mounted / "ballast").unlink()
    store.promote(mark(old.get_secret_value()), mark(new))
    assert store.read(Stage.CURRENT) == SecretStr(new)


def test_a_bind_mount_is_refused(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "container"
    other.mkdir()
    target = other / ".env"
    target.touch()
    command = ("mount", "--bind", str(path), str(target))
    if not ROOT or subprocess.run(command, capture_output=True, check=False).returncode:
        missing("mount", "needs the right to mount")
    try:
        assert "mount of its own" in refused(target)
    finally:
        subprocess.run(("umount", str(target)), check=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        folder.chmod(0o777)


@pytest.mark.parametrize("locked", ["file", "folder"])
def test_an_unprivileged_user_is_refused_what_is_read_only(open_folder: Path, locked: str) -> None:
    path = open_folder / ".env"
    path.write_text(f"{VARIABLE}={fresh()}\n")
    path.chmod(0o444 if locked == "file" else 0o666)
    open_folder.chmod(0o777 if locked == "file" else 0o555)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            if ROOT:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            written = path if locked == "file" else open_folder / "new"
            with pytest.raises(PermissionError):
                written.open("ab").close()  # this user really is refused
            status = 0 if "can't be written" in refused(path) else 2
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert os.WEXITSTATUS(status) == 0
