"""The modes of misbehaviour: each changes what a client reads, and only in its own workspace."""

from __future__ import annotations

import json
import zlib
from typing import Any

import httpx
import pytest

from helpers.sandbox.misbehaviour import MODES
from tests.sandbox.conftest import Connect

LATE = {"silent", "slow", "drip"}  # 0.3 seconds bring nothing, or one byte
LOG = "/admins/activity_logs?created_at_after=1"


def misbehave(hub: httpx.Client, mode: str, **more: Any) -> None:
    hub.put("/behaviours", json={"misbehave": mode, **more}).raise_for_status()


CHANGING = {"x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"}


def raw(client: httpx.Client, path: str, most: int = 100_000) -> tuple[object, ...]:
    """Status, headers and the first bytes of an answer, before anything decodes them."""
    status, headers, body = 0, {}, b""
    try:
        with client.stream("GET", path, timeout=client.timeout) as answer:
            status, headers = answer.status_code, dict(answer.headers)
            for piece in answer.iter_raw():
                body += piece
                if len(body) > most:
                    break
    except httpx.TransportError as error:
        return status, type(error).__name__, body
    return status, {k: v for k, v in headers.items() if k not in CHANGING}, body


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_changes_an_answer(mode: str, hub: httpx.Client, connect: Connect) -> None:
    client = connect()
    paths = ("/data_connectors", LOG, f"{LOG}&page=2", "/admins")
    honest = [raw(client, path) for path in paths]
    assert [raw(client, path) for path in paths] == honest
    misbehave(hub, mode)
    client.timeout = httpx.Timeout(0.3 if mode in LATE else 10)
    assert [raw(client, path) for path in paths] != honest


def test_me_stays_honest_unless_asked_for(hub: httpx.Client, connect: Connect) -> None:
    client = connect()
    misbehave(hub, "empty")
    assert client.get("/me").json()["type"] == "admin"
    assert client.get("/admins").json() == {}
    misbehave(hub, "empty", misbehave_me=True)
    assert client.get("/me").json() == {}


def test_errors_stay_honest(hub: httpx.Client, connect: Connect) -> None:
    client = connect()
    misbehave(hub, "html")
    assert client.get("/admins/0").json()["errors"][0]["code"] == "admin_not_found"


def test_an_unknown_mode_is_refused(hub: httpx.Client) -> None:
    answer = hub.put("/behaviours", json={"misbehave": "politely"})
    assert answer.status_code == 400
    assert "politely" in answer.json()["error"]


def test_the_bomb_is_gzip_that_grows_a_thousandfold(hub: httpx.Client, connect: Connect) -> None:
    client = connect()
    misbehave(hub, "gzip-bomb")
    packed = raw(client, "/admins", most=20_000)[2]
    assert isinstance(packed, bytes)
    reader = zlib.decompressobj(wbits=31)
    assert len(reader.decompress(packed)) > 1000 * 10_000


def test_small_pages_hold_every_row_once(hub: httpx.Client, connect: Connect) -> None:
    client = connect()
    misbehave(hub, "small-pages")
    first = client.get(LOG, params={"per_page": 250, "created_at_after": 1}).json()
    total = first["pages"]["total_pages"]
    assert total > 3
    pages = [client.get(f"{LOG}&page={number}").json() for number in range(1, total + 1)]
    ids = [row["id"] for page in pages for row in page["activity_logs"]]
    assert len(ids) == len(set(ids))


def test_duplicate_keys_hide_a_list_from_an_ordinary_parser(
    hub: httpx.Client, connect: Connect
) -> None:
    client = connect()
    misbehave(hub, "duplicate-key")
    text = client.get("/admins").text
    assert text.count('"admins":') == 2
    assert json.loads(text)["admins"] == []
