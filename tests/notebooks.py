"""Small notebooks, made when a test wants one."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

__all__ = ["notebook"]


def notebook(path: Path, *cells: str) -> Path:
    """A notebook with a parameters cell and these cells."""
    parameters = new_code_cell('profile = ""', metadata={"tags": ["parameters"]})
    made = new_notebook(
        cells=[parameters, *map(new_code_cell, cells)],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    nbformat.write(made, path)
    return path
