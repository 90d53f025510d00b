"""A client whose other end is a function of the test."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from helpers.intercom.client import Client
from tests.intercom.hub import Hub

BASE = "https://api.intercom.io"
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry as usual, without the pauses between."""
    monkeypatch.setattr("helpers.intercom.transport.sleep", lambda _: None)


def client_of(handler: Handler, **options: Any) -> Client:
    options.setdefault("base_url", BASE)
    return Client(SecretStr("not-a-token"), transport=httpx.MockTransport(handler), **options)


def refusal(status: int, code: str, message: str = "no") -> httpx.Response:
    errors = [{"code": code, "message": message}]
    return httpx.Response(
        status, json={"type": "error.list", "request_id": "r-1", "errors": errors}
    )


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that is bound and does not listen, so that nobody else can take it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """One sandbox for the whole session; each test takes a workspace of its own."""
    from helpers.sandbox import start

    with start() as sandbox:
        yield sandbox.url


@pytest.fixture
def hub(sandbox_url: str, request: pytest.FixtureRequest) -> Iterator[Hub]:
    """A workspace of this test's own."""
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    with httpx.Client(trust_env=False) as http:
        yield Hub(f"{sandbox_url}/w/{name}", http)
