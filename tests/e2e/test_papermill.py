"""Each notebook alone, under plain papermill, from any working directory."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from tests.conftest import HOME

NOTEBOOKS = sorted((HOME / "notebooks").glob("0*.ipynb"))
# Plain papermill's kernels of separate processes can pick the same TCP port. Then one of them dies
# or stays mute before any cell has run; ours have sockets of their own (helpers/kernels.py).
NEVER_BEGAN = ("Kernel didn't respond in", "Kernel died before replying to kernel_info")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_alone_from_another_working_directory(path: Path, tmp_path: Path):
    out = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", "--start-timeout", "20", str(path), str(out)]
    command += ["-p", "profile", "sandbox"]
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("INTERCOM_", "RUNBOOK_"))}
    for _ in range(2):
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, check=False, capture_output=True, text=True
        )
        if not any(text in done.stderr for text in NEVER_BEGAN):
            break
    assert done.returncode == 0, done.stderr[-2000:]
    cells = nbformat.read(out, as_version=4).cells
    assert not any(o.output_type == "error" for c in cells for o in c.get("outputs", ()))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_notebook_was_executed_so_that_nbval_compares_it(path: Path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    tags = [cell.metadata.get("tags", []) for cell in cells]
    assert tags.count(["parameters"]) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_explains_and_calls_and_does_nothing_itself(path: Path):
    """Cells of at most 8 lines, with prose before each, and nothing that belongs in helpers.

    The cell that opens the step follows the parameters directly.
    """
    cells = nbformat.read(path, as_version=4).cells
    for before, cell in pairwise(cells):
        if cell.cell_type != "code":
            continue
        assert before.cell_type == "markdown" or before.metadata.get("tags") == ["parameters"]
        assert len(cell.source.splitlines()) <= 8
        forbidden = ("def ", "class ", "os.environ", "httpx", "requests", "for ", "while ", "if ")
        assert not any(line.startswith(forbidden) for line in cell.source.splitlines())


def test_notebooks_built_twice_in_different_folders_are_the_same_bytes(tmp_path: Path):
    from helpers.run.rebuild_notebooks import rebuild

    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append([path.read_bytes() for path in rebuild(HOME / "notebooks", tmp_path / name)])
    assert made[0] == made[1]
    assert made[0] == [path.read_bytes() for path in NOTEBOOKS], "run `./runbook docs`"
