"""What the tests of webhooks share: a state folder of their own, and the listener as a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.webhooks.listener import Listener, address, listening, serve


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing that a test does gets into this machine's own audit log.

    Commands are called in a folder of their own, about the profile `development`.
    """
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(folder))
    monkeypatch.setenv("RUNBOOK_PROFILE", "development")
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    return folder


@contextmanager
def listener_at_work(application: Listener) -> Iterator[str]:
    """The listener in a thread; its address."""
    over = threading.Event()
    with listening(0) as listener:
        thread = threading.Thread(target=serve, args=(listener, application, over.is_set))
        thread.start()
        try:
            yield address(listener)
        finally:
            over.set()
            thread.join()
