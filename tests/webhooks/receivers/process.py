"""Runs a receiver as a process of its own: it prints its port, and dies if it must."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(
    command: tuple[str | Path, ...], secret: str, environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The URL of a receiver that reads its secret from CLIENT_SECRET and prints its port."""
    settings = {**os.environ, "CLIENT_SECRET": secret, **(environ or {})}
    with subprocess.Popen(
        command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            assert port.isdecimal(), f"{command} did not start: {port}"
            yield f"http://127.0.0.1:{port}/webhooks"
        finally:
            process.kill()
