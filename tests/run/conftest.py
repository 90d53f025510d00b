"""Every kernel of these tests is started by our provisioner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from helpers.run.provisioner import use_private_sockets


@pytest.fixture(autouse=True)
def _private() -> Iterator[None]:
    use_private_sockets()
    yield
    KernelProvisionerFactory.clear_instance()
