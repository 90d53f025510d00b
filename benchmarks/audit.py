"""A whole audit beside its floor: papermill on as many empty notebooks, in the same run.

    python benchmarks/audit.py [ROUNDS]

Prints medians and ratios: the audit, the floor (the same engine and pool on notebooks without
work), papermill's command line called once a notebook, and the start of the command line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

NOTEBOOKS = 9
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
FLOOR = """
import sys
from pathlib import Path
from helpers.execution import Job, execute
from helpers.redaction import Redactor
class Quiet:
    def started(self, job): pass
    def cell(self, job, number, total): pass
    def finished(self, outcome): assert not outcome.error, outcome
folder = Path(sys.argv[1])
jobs = [Job(p.stem, p, folder / "out" / p.name, {}) for p in sorted(folder.glob("*.ipynb"))]
execute(jobs, workers=8, redactor=Redactor(), environ={}, observer=Quiet())
"""


def timed(action: Callable[[], None]) -> float:
    """Wall seconds."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def main() -> None:
    """Measure in turn, so that a drift of the machine touches all alike."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(NOTEBOOKS):
            empty = new_notebook(cells=[new_code_cell("pass")], metadata={"kernelspec": KERNEL})
            nbformat.write(empty, folder / f"{number}.ipynb")
        measured = [measure(folder) for _ in range(rounds)]
    audit, floor, loop, start = (median(column) for column in zip(*measured, strict=True))
    print(f"audit {audit:.2f} s, floor {floor:.2f} s, papermill loop {loop:.2f} s")
    print(
        f"audit / floor {audit / floor:.2f} (aim 1.5), audit / loop {audit / loop:.2f} (aim 0.25)"
    )
    print(f"runbook --help {start:.3f} s (aim 0.3)")


def measure(folder: Path) -> tuple[float, float, float, float]:
    """One round: audit, floor, papermill's own command line, start-up."""
    environ = {**os.environ, "RUNBOOK_STATE_HOME": str(folder / "state")}
    python = sys.executable

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, env=environ)

    def loop() -> None:
        for path in sorted(folder.glob("*.ipynb")):
            run(python, "-m", "papermill", str(path), str(folder / f"{path.name}.out"))

    return (
        timed(lambda: run(python, "-m", "helpers.cli", "audit", "--out", str(folder / "runs"))),
        timed(lambda: run(python, "-c", FLOOR, str(folder))),
        timed(loop),
        timed(lambda: run(python, "-m", "helpers.cli", "--help")),
    )


if __name__ == "__main__":
    main()
