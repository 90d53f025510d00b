"""Kernels on sockets of their own."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from helpers.run import provisioner


@pytest.fixture
def kernel() -> Iterator[Any]:
    manager, client = start_new_kernel(transport_encryption="required")
    yield manager
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_channels_and_key_lie_where_only_their_owner_can_enter(kernel: Any):
    assert kernel.transport == "ipc"
    folder = Path(kernel.connection_file).parent
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert len(list(folder.glob("socket-*"))) == 5


def test_transport_is_encrypted_on_these_sockets_too(kernel: Any):
    assert kernel.curve_publickey


def test_nothing_is_left_of_a_kernel_that_was_killed(kernel: Any):
    folder = Path(kernel.connection_file).parent
    kernel.provisioner.process.kill()
    kernel.shutdown_kernel(now=True)
    assert not folder.exists()


def test_restarted_kernel_keeps_its_places():
    manager, client = start_new_kernel()
    before = manager.connection_file
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=30)  # the same client: it finds the kernel where it was
    assert manager.connection_file == before
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_long_name_of_the_temporary_folder_leaves_room_for_the_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert len(provisioner.kernel_base()) < 60
    manager, client = start_new_kernel()
    client.stop_channels()
    manager.shutdown_kernel(now=True)
