"""Rebuild the committed notebooks: run each on the sandbox and save it with its outputs.

nbval compares the outputs, so they must be the same on every machine and in every run. The
sandbox's clock is fixed, views render no port, path, duration or run id, and what the kernel adds
(times, versions, counts that depend on history) is removed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import nbformat

from helpers.core.steps import SHARED
from helpers.run.execution import close_event_loop
from helpers.run.fork_server import ForkServer, fork_server, kernel_environ

__all__ = ["rebuild"]

_CELL_SECONDS: Final = 120
_KERNEL: Final = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def rebuild(source: Path, target: Path, *, workers: int = 4) -> Iterator[Path]:
    """Run every notebook of `source` and write it to `target`; yields each file when it is done.

    Raises nbclient's CellExecutionError if a notebook fails.
    """
    from helpers.run.provisioner import use_private_sockets

    use_private_sockets()
    notebooks = sorted(source.glob("[0-9]*.ipynb"))
    environ = kernel_environ({}, secrets=False)
    with fork_server(environ, preload=SHARED) as forks, ThreadPoolExecutor(workers) as pool:
        texts = pool.map(lambda path: _executed(path, environ, forks), notebooks)
        for path, text in zip(notebooks, texts, strict=True):
            written = target / path.name
            written.write_text(text, encoding="utf-8")
            yield written


def _executed(path: Path, environ: Mapping[str, str], forks: ForkServer | None) -> str:
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        kernel_name=_KERNEL["name"],
        shutdown_kernel="immediate",
        record_timing=False,
        coalesce_streams=True,
        config=Config({"KernelManager": {"transport_encryption": "required"}}),
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute(env=dict(environ), fork_server=forks)
    finally:
        close_event_loop()
    text: str = nbformat.writes(_normalised(notebook))
    return text + "\n"


def _normalised(notebook: Any) -> Any:
    """Remove what differs between runs and between machines."""
    notebook.metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
        if cell.cell_type == "code" and not cell.metadata:
            cell.metadata = {"jupyter": {"source_hidden": True}}  # a reader wants the outputs
    return notebook
