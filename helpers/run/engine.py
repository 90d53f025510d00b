"""The papermill engine that redacts messages as they arrive and notebooks as they are saved.

A secret can be in one message, split over several, in a traceback, in a parameter or in the source.
Messages are redacted as they arrive. Each save redacts the whole text of the notebook, which finds
secrets that were split. papermill gets a redacted notebook back, because it saves that again and
builds its exception from it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import nbformat
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

from helpers.core.redaction import Redactor
from helpers.system.files import write_private

__all__ = ["ENGINE", "RedactingEngine"]

ENGINE: Final = "intercom-runbook"


class _Client(PapermillNotebookClient):
    """nbclient's client; every message passes the redactor before anything else sees it."""

    def __init__(self, nb_man: Any, redactor: Redactor, **traits: Any) -> None:
        super().__init__(nb_man, **traits)
        self._redactor = redactor

    def process_message(self, msg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        content = self._redactor.data(msg["content"])
        return super().process_message({**msg, "content": content}, *args, **kwargs)

    async def _check_raise_for_error(self, cell: Any, cell_index: int, exec_reply: Any) -> None:
        redacted = self._redactor.data(exec_reply["content"]) if exec_reply else None
        reply = {**exec_reply, "content": redacted} if exec_reply else exec_reply
        await super()._check_raise_for_error(cell, cell_index, reply)


class _Manager(NotebookExecutionManager):
    """papermill's manager of a notebook; saves redacted text atomically.

    papermill saves before and after every cell, text cells included. Saving before each code cell
    is enough: it includes everything earlier.
    """

    def __init__(
        self, nb: Any, redactor: Redactor, on_cell: Any, running: Any, **kwargs: Any
    ) -> None:
        super().__init__(nb, **kwargs)
        self._redactor = redactor
        self._on_cell = on_cell
        self._running = running
        self._due = True

    def cell_start(self, cell: Any, cell_index: int = 0, **kwargs: Any) -> None:
        self._running.wait_for_turn()  # the run may have been stopped while the kernel started
        self._on_cell(cell_index + 1, len(self.nb.cells))
        self._due = cell.cell_type == "code"
        super().cell_start(cell, cell_index, **kwargs)

    def cell_complete(self, cell: Any, cell_index: int = 0, **kwargs: Any) -> None:
        self._due = False
        super().cell_complete(cell, cell_index, **kwargs)

    def notebook_complete(self, **kwargs: Any) -> None:
        self._due = True
        super().notebook_complete(**kwargs)

    def save(self, **_kwargs: Any) -> None:
        if self._due and self.output_path:
            write_private(Path(self.output_path), self.redacted_text(), durable=False)
        self.last_save_time = self.now()

    def redacted_text(self) -> str:
        """The notebook as JSON, without secrets."""
        whole = self._redactor.text(nbformat.writes(self.nb))
        try:
            json.loads(whole)
        except ValueError:  # a secret that begins in one cell and ends in the next
            whole = nbformat.writes(nbformat.from_dict(self._redactor.data(self.nb)))
        return whole + "\n"


class RedactingEngine(NBClientEngine):
    """Runs a notebook so that no registered secret reaches the disk."""

    @classmethod
    def execute_notebook(  # papermill's signature
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        *,
        redactor: Redactor,
        on_cell: Any,
        running: Any,
        kernel_environ: Mapping[str, str],
        fork_server: Any,
        **options: Any,
    ) -> Any:
        """Execute, and return a redacted notebook."""
        manager = _Manager(
            nb, redactor, on_cell, running, output_path=output_path, progress_bar=False
        )
        client = _Client(manager, redactor, **_traits(kernel_name, options))
        manager.notebook_start()
        running.clients.add(client)
        try:
            running.raise_if_stopped()
            client.execute(env=dict(kernel_environ), fork_server=fork_server, **_SILENT)
        finally:
            running.clients.discard(client)
            manager.notebook_complete()
        return nbformat.reads(manager.redacted_text(), as_version=4)


_SILENT: Final = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _traits(kernel_name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Translate papermill's options into nbclient's traits."""
    return {
        "kernel_name": kernel_name,
        "timeout": options["execution_timeout"],
        "startup_timeout": options["start_timeout"],
        "iopub_timeout": options["execution_timeout"],
        "shutdown_kernel": "immediate",
        "coalesce_streams": True,
        "config": options["config"],
        "resources": options["resources"],
    }


papermill_engines.register(ENGINE, RedactingEngine)
