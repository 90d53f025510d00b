"""Kernels on Unix sockets of their own, which no other process can take or reach.

jupyter_client picks five free TCP ports, closes them, and expects them to be free when the kernel
binds them. Where several processes start kernels at the same time they sometimes are not, and the
kernel dies at its start. A kernel started here gets Unix sockets in a folder that only its owner
can enter.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any, Final

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from helpers.run.fork_server import ForkServer
from helpers.system.temporary import OwnedFolder

__all__ = ["PrivateProvisioner", "kernel_base", "use_private_sockets"]

_NAME: Final = "intercom-runbook"
_MOMENT: Final = 0.1  # seconds: jupyter_client's own pause between two checks
_LONGEST: Final = 60  # bytes of the folder's path: a Unix socket's path has at most 103


class PrivateProvisioner(LocalProvisioner):
    """Starts a kernel as its parent class does, on Unix sockets in a folder of its own."""

    _folder: OwnedFolder | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the places of sockets and connection file before they are written down."""
        if self._folder is None:  # a restarted kernel keeps its places
            self._folder = OwnedFolder("runbook-kernel-", kernel_base())
            manager: Any = self.parent
            folder = self._folder.path
            manager.transport = "ipc"
            manager.connection_file = str(folder / "connection.json")
            manager.ip = str(folder / "socket")
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel from the `fork_server` that `start_kernel` was given, if it can."""
        server: ForkServer | None = kwargs.pop("fork_server", None)
        place = kwargs.get("cwd") or Path.cwd()
        forked: Any = server and server.fork(cmd, str(place), kwargs["env"])
        if not forked:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.cwd = forked, place
        self.pid = self.pgid = forked.pid  # the leader of a session, and so of a group, of its own
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the process; a killed one has ended before the first check."""
        process: Any = self.process
        if process:
            with suppress(TimeoutExpired):
                process.wait(timeout=_MOMENT)
        return await super().wait()

    async def cleanup(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002 (its signature)
        """Remove the folder and everything the kernel left in it."""
        await super().cleanup(restart=restart)
        if self._folder and not restart:
            self._folder.close()


def use_private_sockets() -> None:
    """Use this provisioner for every kernel that this process starts from now on."""
    factory = KernelProvisionerFactory.instance()
    where = f"{PrivateProvisioner.__module__}:{PrivateProvisioner.__name__}"
    factory.provisioners[_NAME] = EntryPoint(_NAME, where, factory.GROUP_NAME)
    factory.default_provisioner_name = _NAME


def kernel_base() -> str:
    """The temporary folder, unless its name leaves too little of a socket's path."""
    usual = tempfile.gettempdir()
    return usual if len(usual.encode()) <= _LONGEST else "/tmp"  # noqa: S108 (ours is 0700)
