"""A disk that is full or read-only, under every command that writes: one line, and nothing lost.

The disk is a small file system of its own, so that root is refused too. What was written before
must be whole afterwards, and the next run on a sound disk goes on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import missing, run_git
from tests.e2e.conftest import CommandLine

FILLER = "filler"


class SmallDisk:
    """A file system in memory with four megabytes, mounted at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self) -> None:
        """Leave no byte."""
        with suppress(OSError), (self.path / FILLER).open("wb", buffering=0) as stream:
            while True:
                stream.write(b"\0" * 4096)

    def free(self) -> None:
        """Give the space back."""
        (self.path / FILLER).unlink()

    def remount(self, mode: str) -> None:
        """Make it read-only (`ro`) or not (`rw`)."""
        subprocess.run(["mount", "-o", f"remount,{mode}", str(self.path)], check=True)

    def content(self) -> dict[Path, bytes]:
        """Each file that must not be lost: all but locks' own."""
        return {
            path: path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and path.name not in (FILLER, "lock", ".lock")
        }


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        missing("a file system of its own", "run the tests as root")
    yield SmallDisk(place)
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="module")
def prepared(live: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a profile: a log, a ledger, an attestation and a run."""
    folder = tmp_path_factory.mktemp("prepared")
    for name in ("attest", "audit", "status"):
        done = run(CommandLine(folder), folder, live, name)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def used(disk: SmallDisk, prepared: Path) -> SmallDisk:
    """The disk with that state."""
    for name in ("state", "runs"):
        shutil.copytree(prepared / name, disk.path / name)
    return disk


COMMANDS = {
    "audit": ("audit", "--steps", "environment", "--fail-on", "never", "--out", "{disk}/runs"),
    "attest": ("attest", "single-sign-on", "--answer", "yes", "--by", "Ana", "--days", "30"),
    "fetch": ("auditlog", "fetch", "--days", "60"),
    "seal": ("auditlog", "seal"),
    "rotate": ("rotate", "access-token", "--yes", "--stdin"),
    "export": ("auditlog", "export", "--out", "{disk}/export.json"),
    "status": ("rotate", "status"),
    "report": (
        "report",
        "{run}",
        "--format",
        "html",
        "--fail-on",
        "never",
        "--output",
        "{disk}/report.html",
    ),
}
WRITING = [name for name in COMMANDS if name != "status"]
NO_ENV_FILE = {"attest", "report", "status"}
RUNBOOK_ERRORS = (1, 2)  # the state or the named folder refuses


def run(
    cli: CommandLine, place: Path, live: Path, name: str, stdout: int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run a command with its state, and whatever else it writes, at a place."""
    if not (cli.folder / ".git").exists():
        run_git(cli.folder, "init", "-q")
    named = {"disk": place, "run": next(iter((place / "runs").glob("2*")), "")}
    arguments = [each.format(**named) for each in COMMANDS[name]]
    if name not in NO_ENV_FILE:
        arguments += ["--env-file", str(live)]
    if name != "report":
        arguments += ["--profile", "production"]
    return subprocess.run(
        [sys.executable, "-m", "helpers.cli", *arguments],
        cwd=cli.folder,
        env=cli.environ(RUNBOOK_STATE_HOME=str(place / "state")),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_disk_that_refuses_is_one_line_and_loses_nothing(
    cli: CommandLine, live: Path, used: SmallDisk, how: str, name: str
) -> None:
    before = used.content()
    if how == "full":
        used.fill()
    else:
        used.remount("ro")
    done = run(cli, used.path, live, name)
    if how == "full":
        used.free()
    else:
        used.remount("rw")
    assert done.returncode in RUNBOOK_ERRORS, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, done.stderr
    assert "bug in the runbook" not in done.stderr
    assert "Traceback" not in done.stderr
    assert str(used.path) in lines[0] or "the state" in lines[0], lines
    assert lost(before, used.content()) == []
    again = run(cli, used.path, live, name)
    assert again.returncode == (2 if name == "rotate" else 0), again.stderr
    if name == "rotate":
        assert "Nothing came on standard input" in again.stderr, "it got as far as the question"


def lost(before: dict[Path, bytes], after: dict[Path, bytes]) -> list[Path]:
    """The files that are not whole; a log may have grown."""
    return [
        path
        for path, content in before.items()
        if not after.get(path, b"").startswith(content)
        or (path.suffix != ".jsonl" and after[path] != content)
    ]


@pytest.mark.parametrize("name", ["audit", "fetch", "report", "attest"])
def test_an_output_that_is_full_is_one_line_and_loses_nothing(
    cli: CommandLine, live: Path, used: SmallDisk, name: str
) -> None:
    before = used.content()
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = run(cli, used.path, live, name, stdout=full)
    finally:
        os.close(full)
    assert done.returncode == 1, done.stderr
    assert "the output can't be written" in done.stderr
    assert "Traceback" not in done.stderr
    runs = {path: content for path, content in before.items() if "runs" in path.parts}
    assert lost(runs, used.content()) == []
    assert run(cli, used.path, live, name).returncode in (0, 3)
