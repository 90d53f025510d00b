"""A running sandbox, and clients of workspaces made for one test each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import httpx
import pytest

from helpers.sandbox import Sandbox, start
from helpers.sandbox.scopes import SCOPES

NUMBERS = itertools.count()
NO_TLS = False  # loopback speaks plain HTTP: loading certificates would be most of a test
Connect = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with start() as running:
        yield running


@pytest.fixture
def hub(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The developer hub of the workspace that `connect` connects to."""
    base = sandbox.hub(f"sandbox-{next(NUMBERS)}")
    with httpx.Client(base_url=base, verify=NO_TLS) as client:
        yield client


@pytest.fixture
def connect(hub: httpx.Client) -> Iterator[Connect]:
    """`connect("2.16", scopes=…)`: a client whose token has these scopes; all by default."""
    clients: list[httpx.Client] = []

    def make(version: str = "2.16", *, scopes: tuple[str, ...] = tuple(SCOPES)) -> httpx.Client:
        app = hub.post("/apps", json={"name": "Test", "scopes": scopes}).json()
        clients.append(client_of(hub, app["access_token"], version))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def client_of(hub: httpx.Client, token: str, version: str = "2.16") -> httpx.Client:
    """A client of the hub's workspace with this token."""
    headers = {"Authorization": f"Bearer {token}", "Intercom-Version": version}
    base = str(hub.base_url).removesuffix("/_hub/")
    return httpx.Client(base_url=base, headers=headers, verify=NO_TLS)


def error_code(answer: httpx.Response) -> str:
    """The code of an answer that is an error list."""
    body = answer.json()
    assert body["type"] == "error.list"
    return str(body["errors"][0]["code"])
