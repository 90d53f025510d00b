"""A rotation survives `kill -9` at every point: each kind of key, way and store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from helpers.sandbox import Sandbox
from tests.conftest import HOME
from tests.rotation.crashes.driver import WAYS
from tests.rotation.stores.conftest import STORES

# every n-th point; RUNBOOK_CRASH_STRIDE=1 tries all of them, which takes about half an hour
QUICK = {"env": 97, "keyring": 331, "aws": 331, "vault": 131}
STRIDE = os.environ.get("RUNBOOK_CRASH_STRIDE", "")


@pytest.fixture
def servers(request: pytest.FixtureRequest) -> dict[str, object]:
    """What a store of the test needs, started."""
    needs = {"keyring": "session_bus", "aws": "aws_endpoint", "vault": "vault_address"}
    store = request.getfixturevalue("store")
    return {store: request.getfixturevalue(needs[store])} if store in needs else {}


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where that can be: a kill, unlike a power cut, takes nothing that was written."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        yield Path(name)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("store", STORES)
def test_a_rotation_survives_kill_9_at_every_point(
    store: str,
    servers: dict[str, object],
    sandbox: Sandbox,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module, stride = "tests.rotation.crashes.driver", int(STRIDE or QUICK[store])
    done = subprocess.run(
        (sys.executable, "-m", module, sandbox.url, store, str(stride), str(folder)),
        capture_output=True,
        text=True,
        check=False,
        cwd=HOME,
        env={**os.environ, "RUNBOOK_CRASH_SERVERS": json.dumps(servers)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counted = [json.loads(line) for line in done.stdout.splitlines()]
    with capsys.disabled():
        for line in counted:
            sys.stdout.write(f"\n{store}: {line.pop('way')}: {line}")
        sums = {name: sum(line[name] for line in counted) for name in counted[0]}
        sys.stdout.write(f"\n{store}, all: {sums}\n")
    assert len(counted) == len(WAYS)
    assert all(line["crashes"] >= max(1, line["points"] // stride) for line in counted)
    assert sums["resumes"] > 0
