"""JupyterLab as `runbook lab` starts it, on copies of the notebooks, and a hand on its notebooks.

What a person clicks in JupyterLab's own menus is done by the commands behind them; what stands in
the notebooks, forms and buttons, is clicked.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from shutil import copytree, ignore_patterns
from typing import IO, TYPE_CHECKING, Any, Final

from tests.conftest import HOME

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

__all__ = ["Lab", "Notebook", "start_lab"]

_ARGUMENTS: Final = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.port=0",
    "--IdentityProvider.token=",
    "--LabApp.expose_app_in_browser=True",
)
_CURRENT: Final = "jupyterapp.shell.currentWidget"
_OUTER: Final = "panel.content.node.querySelector('.jp-WindowedPanel-outer')"
_URL: Final = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab. All that it and its kernels write, its log too, lies in `folder`."""

    url: str
    folder: Path

    def written(self) -> Iterator[Path]:
        """Every file in the folder."""
        yield from (path for path in self.folder.rglob("*") if path.is_file())


@contextmanager
def start_lab(
    folder: Path, *, environ: Mapping[str, str] | None = None, widget_state: bool = False
) -> Iterator[Lab]:
    """Run `runbook lab` on loopback; `widget_state` turns the saving of widgets' state on."""
    copytree(HOME / "notebooks", folder / "notebooks", ignore=ignore_patterns(".ipynb_checkpoints"))
    _settings(folder / "settings", widget_state=widget_state)
    command = [sys.executable, "-m", "helpers.cli", "lab", *_ARGUMENTS]
    with subprocess.Popen(
        [*command, f"--ServerApp.root_dir={folder}"],
        cwd=folder,
        env={**_environ(folder), **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines: Queue[str] = Queue()
        assert process.stdout
        reader = threading.Thread(target=_copy, args=(process.stdout, folder / "lab.log", lines))
        reader.start()
        try:
            yield Lab(_address(lines), folder)
        finally:
            process.terminate()
            reader.join()


class Notebook:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Page, path: str) -> None:
        self.page = page
        self._command("docmanager:open", path=path, factory="Notebook")
        self._evaluate("panel => panel.revealed")
        self._evaluate("panel => panel.sessionContext.ready")

    @property
    def panel(self) -> Locator:
        """What is seen of it."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def run_all(self) -> None:
        """Run every cell, and wait until all are done."""
        self._command("notebook:run-all-cells")

    def run_until(self, code: str) -> None:
        """Run the cells above the first code cell that holds this, and that cell."""
        self._select(code)
        self._command("notebook:run-all-above")
        self.run(code)

    def run(self, code: str) -> None:
        """Run the first code cell that holds this."""
        self._select(code)
        self._command("notebook:run-cell")

    def restart(self) -> None:
        """Restart the kernel as a person does, with the question whether to."""
        restarted = self._evaluate("panel => panel.sessionContext.session.kernel.id")
        self.page.evaluate("() => { void jupyterapp.commands.execute('notebook:restart-kernel') }")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")
        assert self._evaluate("panel => panel.sessionContext.session.kernel.id") == restarted
        self._evaluate("panel => panel.sessionContext.session.kernel.info")

    def select_first(self) -> None:
        """Select the first cell and put the keyboard's focus there."""
        self._evaluate("panel => { panel.content.activeCellIndex = 0; panel.content.activate() }")

    def save(self) -> None:
        """Save it; JupyterLab makes a checkpoint too."""
        self._command("docmanager:save")

    def picture(self, path: Path) -> None:
        """A picture of the whole notebook, to look at."""
        size = self.page.viewport_size
        assert size
        self._evaluate("panel => { panel.content.activeCellIndex = 0 }")
        height = int(self._evaluate(f"panel => {_OUTER}.scrollHeight"))
        self.page.set_viewport_size({"width": size["width"], "height": height + 100})
        self.panel.locator(".jp-Cell").first.scroll_into_view_if_needed()
        self.panel.screenshot(path=path)
        self.page.set_viewport_size(size)

    def close(self) -> None:
        """Close it and shut its kernel down."""
        self._evaluate("panel => panel.sessionContext.shutdown()")
        self._evaluate("panel => { panel.context.model.dirty = false; panel.close() }")

    def code_cells(self) -> list[dict[str, Any]]:
        """The code cells with their outputs."""
        read = "panel => panel.context.model.toJSON().cells.filter(c => c.cell_type === 'code')"
        return list(self._evaluate(read))

    def errors(self) -> list[str]:
        """What failed, in any cell."""
        return [
            f"{output['ename']}: {output['evalue']}"
            for cell in self.code_cells()
            for output in cell["outputs"]
            if output["output_type"] == "error"
        ]

    def _select(self, code: str) -> None:
        self._evaluate(
            "(panel, code) => { panel.content.activeCellIndex = panel.content.widgets.findIndex("
            "cell => cell.model.type === 'code' && cell.model.sharedModel.source.includes(code)) }",
            code,
        )

    def _command(self, name: str, **arguments: str) -> None:
        self.page.evaluate(
            "async ([name, args]) => { await jupyterapp.commands.execute(name, args) }",
            [name, arguments],
        )

    def _evaluate(self, function: str, argument: Any = None) -> Any:
        return self.page.evaluate(f"argument => ({function})({_CURRENT}, argument)", argument)


def _settings(folder: Path, *, widget_state: bool) -> None:
    told: dict[str, dict[str, Any]] = {
        "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": widget_state},
        "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},  # all of it is there
    }
    for plugin, values in told.items():
        path = folder / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values))


def _environ(folder: Path) -> dict[str, str]:
    """Places of its own for everything, and no variable of the runbook's from outside."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INTERCOM", "RUNBOOK", "JPY"))}
    return {
        **kept,
        "HOME": str(folder / "home"),
        "TMPDIR": str(_made(folder / "tmp")),
        "XDG_STATE_HOME": str(folder / "state"),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _copy(stream: IO[str], log: Path, lines: Queue[str]) -> None:
    with log.open("w") as file:
        for line in stream:
            file.write(line)
            lines.put(line)
    lines.put("")  # the end


def _address(lines: Queue[str]) -> str:
    told = ""
    while line := lines.get(timeout=60):
        told += line
        if found := _URL.search(line):
            return found[0]
    raise AssertionError(f"JupyterLab did not start:\n{told}")
