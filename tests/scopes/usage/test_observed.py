from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.errors import StateError, UsageError
from helpers.scopes.usage.observed import Recorder, merge, observe, recorded

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


def test_what_was_observed_before_stays_and_a_damaged_memory_is_told(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_text(LOG)
    merge(tmp_path, observe(path))
    path.write_text("GET /tags")
    assert {use.call for use in merge(tmp_path, observe(path))} == {
        "GET /contacts/{id}",
        "GET /tags",
    }
    (tmp_path / "observed.json").write_text("[{]")
    with pytest.raises(StateError, match=r"observed\.json"):
        recorded(tmp_path)
    with pytest.raises(StateError):
        merge(tmp_path, observe(path))


def test_another_host_in_a_har_file_or_a_log_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    other = URL.replace("intercom", "example")
    entries = [{"request": {"method": "GET", "url": url}} for url in (other, URL)]
    path.write_text(json.dumps({"log": {"entries": entries}}))
    assert [use.call for use in observe(path)] == ["GET /contacts/{id}"]
    path.write_text(LOG.replace("/contacts/5f3a", other))
    with pytest.raises(UsageError):
        observe(path)


def test_a_route_of_the_first_version_counts_as_its_successor(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_text(LOG.replace("/contacts/5f3a", "/users/5f3a"))
    assert [use.call for use in observe(path)] == ["GET /contacts/{id}"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["log", "entries", "request", "topic", "data", "item", "url", "method"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(JSON)
def test_json_of_any_shape_shows_uses_or_is_refused(document: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "seen")
        path.write_text(json.dumps(document))
        with suppress(UsageError):
            observe(path)


@pytest.mark.parametrize("text", ["[" * 5000, '{"topic": "api.request.completed"}', "\x00", "{}"])
def test_a_file_that_makes_no_sense_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_text(text)
    with pytest.raises(UsageError, match="shows no call"):
        observe(path)
