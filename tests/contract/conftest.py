"""A running sandbox, and clients of workspaces made for one test each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from helpers.sandbox import Sandbox, start
from helpers.sandbox.scopes import SCOPES
from tests.contract.description import Description, load

NUMBERS = itertools.count()
NO_TLS = False  # loopback speaks plain HTTP: loading certificates would be most of a test
FILES = {"2.16": "2.16", "Preview": "preview"}
Connect = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with start() as running:
        yield running


@pytest.fixture
def description(version: str, specs: Path) -> Description:
    return load(specs, FILES[version])


@pytest.fixture
def hub(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The developer hub of the workspace that `connect` connects to."""
    base = sandbox.hub(f"contract-{next(NUMBERS)}")
    with httpx.Client(base_url=base, verify=NO_TLS) as client:
        yield client


@pytest.fixture
def connect(hub: httpx.Client) -> Iterator[Connect]:
    """`connect("2.16", scopes=…)`: a client whose token has these scopes; all by default."""
    clients: list[httpx.Client] = []

    def make(version: str, *, scopes: tuple[str, ...] = tuple(SCOPES)) -> httpx.Client:
        app = hub.post("/apps", json={"name": "Contract", "scopes": scopes}).json()
        headers = {
            "Authorization": f"Bearer {app['access_token']}",
            "Intercom-Version": version,
        }
        base = str(hub.base_url).removesuffix("/_hub/")
        clients.append(httpx.Client(base_url=base, headers=headers, verify=NO_TLS))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
