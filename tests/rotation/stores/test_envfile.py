"""What the file system can do to an env file: survived, or refused with the file as it was."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from helpers.git import git
from helpers.rotation.stores import durable
from helpers.rotation.stores.base import ConflictError, Stage, StoreError
from helpers.rotation.stores.envfile import EnvFileStore
from helpers.rotation.stores.splice import splice, value_of
from tests.conftest import missing
from tests.rotation.stores.conftest import KIND, VARIABLE, fresh, mark

KILLS = int(os.environ.get("RUNBOOK_ENV_KILLS", "40"))  # 500 for a thorough run
ROOT = os.geteuid() == 0
NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text(f"# ours\nA=1\n{VARIABLE}={fresh()}\nB='x\ny'\n")
    path.chmod(0o600)
    return path


def rotate(path: Path) -> str:
    """Stage and promote a fresh value; the value."""
    store, new = EnvFileStore(path, VARIABLE, KIND), fresh()
    store.doctor()
    current = store.read(Stage.CURRENT)
    assert current is not None
    store.stage(SecretStr(new), "run")
    store.promote(mark(current.get_secret_value()), mark(new))
    store.discard(Stage.PREVIOUS)
    return new


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
    git(path.parent, "init", "-q")
    assert "git would see" in refused(path)
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
            status = 0 if "can't be written" in refused(path) else 2
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert os.WEXITSTATUS(status) == 0


def _rotate_for_ever(path: Path, started: object) -> None:
    started.set()  # type: ignore[attr-defined]
    while True:
        rotate(path)


def test_kill_9_leaves_no_torn_file_and_no_leftovers(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The number of kills is RUNBOOK_ENV_KILLS."""
    spawn, dice = multiprocessing.get_context("fork"), random.Random(1)
    frame = path.read_bytes().split(VARIABLE.encode())
    torn = 0
    for _ in range(KILLS):
        started = spawn.Event()
        process = spawn.Process(target=_rotate_for_ever, args=(path, started))
        process.start()
        started.wait(20)
        process.join(dice.random() / 40)  # let it work for up to 25 ms
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        now = path.read_bytes().split(VARIABLE.encode())
        value = value_of(path.read_bytes(), VARIABLE) or ""
        torn += now[0] != frame[0] or not now[1].endswith(b"\nB='x\ny'\n") or len(value) != 37
        store = EnvFileStore(path, VARIABLE, KIND)
        store.discard(Stage.PENDING)
        store.discard(Stage.PREVIOUS)
    rotate(path)
    with capsys.disabled():
        sys.stdout.write(f"\n{KILLS} kills, {torn} torn\n")
    assert torn == 0
    assert [found.name for found in path.parent.iterdir()] == [".env"]


def _set_many(path: Path, first: int, count: int) -> None:
    for number in range(first, first + count):
        durable.replace(path, partial(splice, variable=f"KEY_{number}", value=f"v{number}"))


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path, count = tmp_path / ".env", 60
    path.write_text("".join(f"KEY_{n}=old\n" for n in range(2 * count)))
    spawn = multiprocessing.get_context("fork")
    writers = [spawn.Process(target=_set_many, args=(path, n * count, count)) for n in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert path.read_text() == "".join(f"KEY_{n}=v{n}\n" for n in range(2 * count))
