"""The folder of a run: private, written under a temporary name, renamed when complete.

    runs/.20260302T090000Z-production.partial/   a run in progress, or one that died
    runs/20260302T090000Z-production/            a finished run; its manifest.json is written last

A finished run's manifest lists every file with its SHA-256 and size.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from helpers.core.errors import StateError, UsageError
from helpers.core.model import Report
from helpers.report.judging_inputs import JudgingInputs
from helpers.system.files import private_folder, sync_folder, write_private
from helpers.system.temporary import LOCK, hold_folder, remove_abandoned

__all__ = [
    "INPUTS",
    "MANIFEST",
    "RESULTS",
    "finish_run",
    "finished_runs",
    "load_inputs",
    "load_report",
    "manifest_problems",
    "prune_runs",
    "run_name",
    "run_named",
    "start_run",
]

MANIFEST: Final = "manifest.json"
RESULTS: Final = "results.json"
INPUTS: Final = "terms.json"
LATEST: Final = "latest"
_PARTIAL: Final = ".partial"
ModelT = TypeVar("ModelT", bound=BaseModel)


def run_name(started: datetime, profile: str) -> str:
    """`20260302T090000Z-production`; `started` is UTC."""
    return f"{started:%Y%m%dT%H%M%SZ}-{profile}"


def start_run(root: Path, name: str) -> Path:
    """Make the folder in which a run is written. Raises StateError where that fails."""
    private_folder(root)
    remove_abandoned(root, f".*{_PARTIAL}")
    for number in range(1, 1000):
        free = name if number == 1 else f"{name}.{number}"
        partial = root / f".{free}{_PARTIAL}"
        if not (root / free).exists() and _made(partial):
            hold_folder(partial)  # until this process ends
            return partial
    raise StateError(f"{root} holds too many runs of {name}.", "Name another folder with --out.")


def finish_run(partial: Path) -> Path:
    """Write the manifest and give the folder its final name, which is returned."""
    (partial / LOCK).unlink(missing_ok=True)
    write_private(partial / MANIFEST, json.dumps(_manifest(partial), indent=2) + "\n")
    final = partial.with_name(partial.name.removeprefix(".").removesuffix(_PARTIAL))
    partial.rename(final)
    sync_folder(final.parent)
    return final


def finished_runs(root: Path, profile: str = "") -> tuple[Path, ...]:
    """The finished runs in a folder, of one profile if it is named, the latest first."""
    found = (
        path
        for path in root.glob("[0-9]*Z-*")
        if (path / MANIFEST).is_file() and (not profile or _is_of(path.name, profile))
    )
    return tuple(sorted(found, key=lambda path: path.name, reverse=True))


def run_named(name: str, root: Path = Path("runs")) -> Path:
    """The run that a person means: its folder, its name under `root`, or `latest`.

    `latest:NAME` is the latest of one workspace. Raises UsageError where there is none.
    """
    latest, _, workspace = name.partition(":")
    if latest == LATEST:
        found = [run for run in finished_runs(root) if not workspace or _is_of(run.name, workspace)]
        if not found:
            of = f" of {workspace}" if workspace else ""
            raise UsageError(
                f"There is no finished run{of} in {root}/.", "Name the folder of a run."
            )
        return found[0]
    beside = root / name
    return beside if not Path(name).exists() and beside.is_dir() else Path(name)


def prune_runs(root: Path, profile: str, keep: int) -> tuple[Path, ...]:
    """Delete a profile's finished runs except the latest `keep` (1 or more); return the deleted."""
    if keep < 1:
        raise UsageError("--keep takes 1 or more.", "Leave it out to keep every run.")
    mine = finished_runs(root, profile)
    for run in mine[keep:]:
        shutil.rmtree(run)
    return mine[keep:]


def manifest_problems(run: Path) -> Iterator[str]:
    """What differs from the manifest: files changed, missing or added."""
    said = _read_json(run, MANIFEST)["files"]
    found = _manifest(run)["files"]
    for name in sorted(said.keys() | found.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in said:
            yield f"{name} was added"
        elif said[name] != found[name]:
            yield f"{name} was changed"


def load_report(run: Path) -> Report:
    """The saved report of a run folder. Raises UsageError for anything else."""
    return _load(run, RESULTS, Report)


def load_inputs(run: Path) -> JudgingInputs:
    """What the run was judged by. Raises UsageError where the folder is not a run."""
    return _load(run, INPUTS, JudgingInputs)


def _is_of(name: str, profile: str) -> bool:
    """Whether a run is one of this workspace; `.2` ends the name of a second one in a second."""
    return name.partition("-")[2].partition(".")[0] == profile


def _made(partial: Path) -> bool:
    try:
        partial.mkdir(mode=0o700)
    except FileExistsError:
        return False
    return True


def _manifest(run: Path) -> dict[str, Any]:
    files = sorted(path for path in run.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {
        "version": 1,
        "files": {path.relative_to(run).as_posix(): _entry(path) for path in files},
    }


def _entry(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _load(run: Path, name: str, model: type[ModelT]) -> ModelT:
    content = json.dumps(_read_json(run, name))
    try:
        return model.model_validate_json(content)
    except ValidationError:
        raise UsageError(
            f"{run / name} was not written by this version of the runbook.",
            "Run the audit again.",
        ) from None


def _read_json(run: Path, name: str) -> Any:
    try:
        return json.loads((run / name).read_bytes())
    except (OSError, ValueError):
        raise UsageError(
            f"{run} is not a finished run: {name} is missing or incomplete.",
            "Name a folder under runs/; `runbook audit` prints it in its last line.",
        ) from None
