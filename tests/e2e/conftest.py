"""The command line as a user calls it, in a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import HOME


class CommandLine:
    """Runs `runbook …` in a folder, with its own state and no variable of this machine's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "runs"

    def environ(self, **extra: str) -> Mapping[str, str]:
        """What the process sees."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("INTERCOM_", "RUNBOOK_", "PYTEST_"))
        }
        home = {
            "RUNBOOK_STATE_HOME": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "RUNBOOK_PROFILE": "sandbox",  # unless a test names another
        }
        return {**kept, **home, **extra}

    def start(self, *arguments: str, **extra: str) -> subprocess.Popen[str]:
        """Start it and go on."""
        return subprocess.Popen(
            [sys.executable, "-m", "helpers.cli", *arguments],
            cwd=self.folder,
            env=self.environ(**extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end. No traceback may ever reach a user."""
        with self.start(*arguments, **extra) as process:
            out, err = process.communicate(timeout=100)
        assert "Traceback" not in out + err, err
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def last_run(self) -> Path:
        """The folder of the only finished run."""
        (found,) = self.out.iterdir()
        return found


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A local Intercom in its own process, as a real one would be; the env file to reach it."""
    folder = tmp_path_factory.mktemp("live")
    command = [sys.executable, "-m", "helpers.cli", "sandbox"]
    path = folder / "live.env"
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOME) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("INTERCOM_IDENTITY_SECRET"):
            lines.append(process.stdout.readline())
        path.write_text("".join(lines))
        path.chmod(0o600)
        yield path
        process.terminate()
