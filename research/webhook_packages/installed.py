"""Other people's packages, pinned, installed once a machine by the ordinary clients.

They stand in a cache beside the project, never in its own environment. A folder is named by its
lock file's hash and appears when it is whole, so that processes may race for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.conftest import missing

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "intercom-runbook-tests"


def node_modules() -> Path:
    """Where `require` finds the packages of `node/package-lock.json`."""
    npm = shutil.which("npm")
    if npm is None:
        missing("npm", "apt install npm")

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "node" / name, folder)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        _run(str(npm), "ci", *quiet, cwd=folder)

    return _once(HERE / "node/package-lock.json", install) / "node_modules"


def site_packages() -> Path:
    """A folder for PYTHONPATH with the packages of `python/requirements.txt`."""
    lock = HERE / "python/requirements.txt"

    def install(folder: Path) -> None:
        uv = shutil.which("uv")
        client = (uv, "pip", "install", "--python", sys.executable) if uv else _PIP
        _run(*client, "-q", "--no-deps", "--require-hashes", "--target", folder, "-r", lock)

    return _once(lock, install)


_PIP = (sys.executable, "-m", "pip", "install", "--disable-pip-version-check")


def _once(lock: Path, install: Callable[[Path], None]) -> Path:
    target = CACHE / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    if target.is_dir():
        return target
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, ignore_cleanup_errors=True) as name:
        fresh = Path(name) / "fresh"
        fresh.mkdir()
        install(fresh)
        try:
            fresh.rename(target)
        except OSError:
            assert target.is_dir()  # another process was faster
    return target


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"what {command[0]} installs", done.stderr.strip()[-300:])
