"""A pytest plugin for nbval, whose own kernels would contend for TCP ports under xdist."""

from __future__ import annotations

from helpers.run.provisioner import use_private_sockets


def pytest_configure() -> None:
    use_private_sockets()
