"""A whole audit of a workspace that is too large to show: does every step end, and in what memory?

    python benchmarks/large_workspace.py [NAME ...]

Each workspace is served by the sandbox in this process and audited by `runbook audit` in processes
of its own, whose peak memory is read from Linux (`VmHWM`). The figures are in docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from helpers.sandbox import start
from helpers.sandbox.people import teammate
from helpers.sandbox.seeds import DEMO
from helpers.sandbox.workspace import SandboxWorkspace

MEGABYTES = 400  # of each process
MANY = 100_000
LONG = 1_000_000  # characters


def many_teammates(workspace: SandboxWorkspace) -> None:
    """100,000 teammates."""
    for number in range(MANY):
        id_ = str(500_000_000 + number)
        email = f"teammate{number}@example.com"
        workspace.admins[id_] = teammate(id_, f"Teammate {number}", email, "Support agent")


def long_names(workspace: SandboxWorkspace) -> None:
    """Every teammate and data connector has a name of 1 MB."""
    for row in (*workspace.admins.values(), *workspace.collection("data_connectors").values()):
        row["name"] = row["name"] + "ü" * LONG


def many_strangers(workspace: SandboxWorkspace) -> None:
    """20,000 teammates of another domain, each of them a finding."""
    for number in range(MANY // 5):
        id_ = str(500_000_000 + number)
        name, email = f"Stranger {number}", f"stranger{number}@example.net"
        workspace.admins[id_] = teammate(id_, name, email, "Admin")


WORKSPACES: Mapping[str, Callable[[SandboxWorkspace], None]] = {
    "100,000 teammates": many_teammates,
    "names of 1 MB": long_names,
    "20,000 strangers": many_strangers,
}


@dataclass
class Audited:
    """What became of an audit: status, seconds, peak of each process, sizes, unfinished steps."""

    status: int
    seconds: float
    peaks: Mapping[int, int]  # MB by process id
    sizes: Mapping[str, int]  # bytes by file name
    lost: list[str] = field(default_factory=list)

    @property
    def megabytes(self) -> int:
        """The most memory that any process took."""
        return max(self.peaks.values())


def audit(url: str, folder: Path) -> Audited:
    """Audit a server with `runbook audit`, all steps, and watch its processes."""
    (folder / "repository").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(folder / "repository")], check=True)
    env_file = folder / "production.env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in environ(url).items()))
    env_file.chmod(0o600)
    command = [sys.executable, "-m", "helpers.cli", "audit", "--profile", "production"]
    command += ["--env-file", str(env_file), "--repo", str(folder / "repository")]
    command += ["--out", str(folder / "runs"), "--jobs", "2"]
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
    began = time.monotonic()
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            command,
            env={**clean, "RUNBOOK_STATE_HOME": str(folder / "state")},
            cwd=Path(__file__).resolve().parents[1],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        peaks: dict[int, int] = {}
        while process.poll() is None:
            watch(process.pid, peaks)
            time.sleep(0.05)
    seconds = time.monotonic() - began
    runs = [path for path in (folder / "runs").iterdir() if path.is_dir()]
    files = [path for path in runs[0].rglob("*") if path.is_file()] if runs else []
    sizes = {path.name: path.stat().st_size for path in files}
    text = (folder / "out").read_text("utf-8", "replace")
    lost = [line[:300] for line in text.splitlines() if "Not finished" in line]
    return Audited(process.returncode, seconds, peaks, sizes, lost)


def environ(url: str) -> dict[str, str]:
    """The demo's credentials, for a server at this address."""
    production = DEMO.profiles["production"]
    return {
        "INTERCOM_BASE_URL": url,
        "INTERCOM_REGION": DEMO.region,
        "INTERCOM_APP_ID": DEMO.id_code,
        "INTERCOM_ACCESS_TOKEN": production.access_token,
        "INTERCOM_IDENTITY_SECRET": production.identity_secret,
    }


def watch(root: int, peaks: dict[int, int]) -> None:
    """Note the peak of a process and of its children, in MB."""
    waiting = [root]
    while waiting:
        one = waiting.pop()
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
            peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
            peaks[one] = max(peaks.get(one, 0), peak // 1024)
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())


def main() -> None:
    """Audit every workspace that is named, or all, and print the figures."""
    for name in sys.argv[1:] or WORKSPACES:
        with start(clock=None) as server, tempfile.TemporaryDirectory() as folder:
            WORKSPACES[name](server.intercom.workspace("default"))
            found = audit(server.url, Path(folder))
            largest = sorted(found.sizes.items(), key=lambda item: -item[1])[:4]
            sys.stdout.write(
                f"{name}: status {found.status}, {found.seconds:.0f} s, {found.megabytes} MB at "
                f"most in one of {len(found.peaks)} processes, {found.lost or 'no step lost'}, "
                f"largest files {json.dumps(dict(largest))}\n"
            )
            sys.stdout.flush()
            assert found.megabytes < MEGABYTES, found.peaks
            assert not found.lost, found.lost


if __name__ == "__main__":
    main()
