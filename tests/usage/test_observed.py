from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.errors import UsageError
from helpers.usage.observed import Recorder, merge, observe, recorded

URL = "https://api.intercom.io/contacts/5f3a?email=ada@example.com"
HAR = {"log": {"entries": [{"request": {"method": "GET", "url": URL}}]}}
LOG = '192.0.2.1 - - [02/Mar/2026:09:00:00 +0000] "GET /contacts/5f3a HTTP/1.1" 200 17'
HOOK = {
    "topic": "api.request.completed",
    "data": {"item": {"request": {"method": "get", "path": "/contacts/5f3a"}}},
}


@pytest.mark.parametrize("text", [json.dumps(HAR), LOG, json.dumps(HOOK)])
def test_a_file_of_each_kind_shows_the_call_without_its_ids(text: str, tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_text(text)
    assert [use.call for use in observe(path)] == ["GET /contacts/{id}"]


def test_the_recorder_keeps_method_and_route_once_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [Recorder(path)]}
    wire = httpx.MockTransport(lambda _: httpx.Response(200))
    with httpx.Client(event_hooks=hooks, transport=wire) as http:
        http.get(URL)
        http.get(URL)
        http.get("https://example.com/contacts/5f3a")
    assert path.read_text() == "GET /contacts/{id}\n"
    kept = merge(tmp_path, observe(path))
    assert recorded(tmp_path) == kept


def test_a_file_that_shows_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_text("nothing")
    with pytest.raises(UsageError):
        observe(path)
