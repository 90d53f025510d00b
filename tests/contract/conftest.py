"""Intercom's description of a version, beside the sandbox's fixtures."""

from __future__ import annotations

import pytest

from tests.contract.description import Description, load
from tests.sandbox.conftest import Connect, connect, hub, sandbox

__all__ = ["FILES", "Connect", "connect", "description", "hub", "sandbox"]

FILES = {"2.16": "2.16", "Preview": "preview"}


@pytest.fixture
def description(version: str) -> Description:
    return load(FILES[version])
