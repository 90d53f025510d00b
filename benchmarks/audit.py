"""A whole audit against its floor: papermill on the same number of empty notebooks.

    python benchmarks/audit.py [ROUNDS]

Each round measures everything in turn, so that a drift of the machine affects all of it. Ratios are
taken within a round, and the table shows their medians:

- the audit: nine notebooks, from the command line to the report;
- the floor: papermill's own API in one process, eight threads, nine notebooks with one `pass` each;
- the loop: papermill's command line, called once for each notebook;
- the start of the command line, and the import at the top of each notebook.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

NOTEBOOKS = 9
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
FLOOR = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from papermill import execute_notebook
def run(path):
    execute_notebook(str(path), f"{path}.floor", progress_bar=False)
with ThreadPoolExecutor(8) as pool:
    list(pool.map(run, sorted(Path(sys.argv[1]).glob("*.ipynb"))))
"""


class Measured:
    """Wall seconds of one round."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {**os.environ, "RUNBOOK_STATE_HOME": str(folder / "state")}
        self.audit = self.seconds("-m", "helpers.cli", "audit", "--out", str(folder / "runs"))
        self.floor = self.seconds("-c", FLOOR, str(folder))
        self.loop = sum(
            self.seconds("-m", "papermill", str(path), f"{path}.loop")
            for path in folder.glob("*.ipynb")
        )
        self.help = self.seconds("-m", "helpers.cli", "--help")
        self.imported = self.seconds("-c", "import helpers") - self.seconds("-c", "pass")

    def seconds(self, *arguments: str) -> float:
        """Return how long Python takes with these arguments."""
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments], check=True, capture_output=True, env=self.environ
        )
        return time.perf_counter() - begin


def main() -> None:
    """Measure, check that the work was done, and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(NOTEBOOKS):
            empty = new_notebook(cells=[new_code_cell("pass")], metadata={"kernelspec": KERNEL})
            nbformat.write(empty, folder / f"{number}.ipynb")
        measured = [Measured(folder) for _ in range(rounds)]
        assert_done(folder / "runs", rounds)
    rows = (
        ("audit / floor", [m.audit / m.floor for m in measured], "1.5"),
        ("audit / papermill in a loop", [m.audit / m.loop for m in measured], "0.25"),
        ("audit, s", [m.audit for m in measured], ""),
        ("floor, s", [m.floor for m in measured], ""),
        ("papermill in a loop, s", [m.loop for m in measured], ""),
        ("`runbook --help`, s", [m.help for m in measured], "0.3"),
        ("`import helpers`, s", [m.imported for m in measured], "0.15"),
    )
    print(f"| median of {rounds} | | aim |\n| --- | --- | --- |")
    for what, values, aim in rows:
        print(f"| {what} | {median(values):.2f} | {aim} |")


def assert_done(runs: Path, rounds: int) -> None:
    """Check that every cell of every notebook ran: a fast audit that skips work is no audit."""
    executed = [nbformat.read(path, as_version=4) for path in runs.glob("*/notebooks/*.ipynb")]
    assert len(executed) == rounds * NOTEBOOKS
    cells = [cell for notebook in executed for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)


if __name__ == "__main__":
    main()
