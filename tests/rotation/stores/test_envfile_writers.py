"""Writers of an env file that are killed, or at work at once: nothing torn, left over or lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from helpers.rotation.stores import durable
from helpers.rotation.stores.base import Stage
from helpers.rotation.stores.envfile import EnvFileStore, splice, value_of
from tests.rotation.stores.conftest import KIND, VARIABLE, rotate

KILLS = int(os.environ.get("RUNBOOK_ENV_KILLS", "40"))  # 500 for a thorough run


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
